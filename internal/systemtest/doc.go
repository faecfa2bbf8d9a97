// Package systemtest tests the product as a whole on real parts: processes that are killed, directories that stop in the middle of a
// write, strangers who measure and guess. Nothing in it is part of the product.
//
// All tests of the package share one lab and keep to people of their own (cast). Which class of attacks is tested where, here and in
// the packages below, is what TestEveryClassOfAttacksIsCovered lists and checks:
//
//	go test -v -run TestEveryClassOfAttacksIsCovered ./internal/systemtest
package systemtest
