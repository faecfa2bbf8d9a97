// Package systemtest tests the product as a whole on real parts: processes that are killed, directories that stop in the middle of a
// write, strangers who measure and guess. Nothing in it is part of the product.
package systemtest
