// Package browsertest walks through the product as people do: real Chromium on the real portal with its directories, its database and
// its mail. Every page it comes to is looked at: axe-core finds nothing, the browser complains of nothing, there is one heading, and
// nothing is wider than the window. TestScreenshots takes the pictures of the documentation on the way. Nothing in it is part of the
// product.
package browsertest
