package directory_test

import (
	"context"
	"errors"
	"testing"

	"rekey/internal/account"
	"rekey/internal/directory"
	"rekey/internal/directory/memory"
)

func corp(accounts ...memory.Account) *memory.Directory {
	return memory.New("corp.example.test", "CORP", accounts...)
}

func sales(accounts ...memory.Account) *memory.Directory {
	return memory.New("sales.example.test", "SALES", accounts...)
}

func person(sam, mail string) memory.Account {
	return memory.Account{Account: account.Account{SAM: sam, Mail: mail}}
}

func find(t testing.TB, typed string, all ...directory.Directory) ([]string, error) {
	t.Helper()
	who, err := directory.Parse(typed)
	if err != nil {
		t.Fatal(err)
	}
	found, err := directory.Find(t.Context(), all, who)
	var keys []string
	for _, a := range found {
		keys = append(keys, a.ID.Directory)
	}
	return keys, err
}

func TestFind(t *testing.T) {
	c, s := corp(person("jdoe", "j@mail.test"), person("only", "")), sales(person("jdoe", "j@mail.test"))
	for _, x := range []struct {
		typed string
		want  []string
	}{
		{"jdoe", []string{"corp.example.test", "sales.example.test"}}, // never picked from
		{"j@mail.test", []string{"corp.example.test", "sales.example.test"}},
		{"only", []string{"corp.example.test"}},
		{`CORP\jdoe`, []string{"corp.example.test"}},
		{`sales.example.test\jdoe`, []string{"sales.example.test"}},
		{`Sales.Example.Test\jdoe`, []string{"sales.example.test"}},
		{`OTHER\jdoe`, nil},
		{"nobody", nil},
	} {
		got, err := find(t, x.typed, c, s)
		if err != nil || len(got) != len(x.want) {
			t.Errorf("%s: %v, %v, want %v", x.typed, got, err, x.want)
			continue
		}
		for i := range got {
			if got[i] != x.want[i] {
				t.Errorf("%s: %v, want %v", x.typed, got, x.want)
			}
		}
	}
}

// TestFindTellsOfADirectoryThatIsDown: its match would be missed, and the other's taken for the only one.
func TestFindTellsOfADirectoryThatIsDown(t *testing.T) {
	c, s := corp(person("jdoe", "")), sales(person("jdoe", "")).Failing(memory.Unavailable)
	got, err := find(t, "jdoe", c, s)
	if !errors.Is(err, directory.ErrUnavailable) || len(got) != 1 {
		t.Errorf("%v, %v", got, err)
	}
	if got, err = find(t, `corp.example.test\jdoe`, c, s); err != nil || len(got) != 1 {
		t.Errorf("the one that was named is up: %v, %v", got, err)
	}
}

func TestFindTellsOfAnAmbiguousName(t *testing.T) {
	c, s := corp(person("a", "both@mail.test"), person("b", "both@mail.test")), sales(person("c", "both@mail.test"))
	got, err := find(t, "both@mail.test", c, s)
	if !errors.Is(err, directory.ErrAmbiguous) || len(got) != 1 {
		t.Errorf("%v, %v", got, err)
	}
}

func TestFindWithoutDirectories(t *testing.T) {
	if got, err := find(t, "jdoe"); err != nil || got != nil {
		t.Errorf("%v, %v", got, err)
	}
}

func TestFindStopsWithItsCaller(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := directory.Find(ctx, []directory.Directory{corp()}, directory.Identifier{Name: "x"}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
