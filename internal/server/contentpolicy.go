package server

// ContentPolicy is the Content-Security-Policy every page is sent with, for tests that draw pages without a Server.
const ContentPolicy = policy
