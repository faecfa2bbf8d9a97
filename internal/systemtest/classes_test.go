package systemtest

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// applies names the classes of attacks that every portal of this kind has met and that this one could meet. Each has a test of its own
// somewhere, whose name begins with TestAttack and the number.
var applies = map[int]string{
	1:  "a step is skipped: the last form first, back, two tabs",
	2:  "a token, or a link, of one person is used for another",
	3:  "a code for one purpose is used for another",
	4:  "recovery, or setting up, rests on less than it should",
	5:  "a form names where a code is sent",
	6:  "the old factor or password is gone before the new one works",
	7:  "a session is planted, mixed or kept past a proof",
	8:  "codes are guessed without a limit on some route",
	9:  "spellings of a name are counted apart",
	10: "many requests at once outrun a counter or use a code twice",
	11: "codes can be foreseen",
	12: "a code, a challenge or a time step works again",
	13: "a value in the settings switches a limit off",
	14: "what is asked of floods is left out, used twice, or had for nothing",
	15: "an attacker locks owners out",
	16: "names that exist can be told from names that do not: by text, header, cookie, mail or time",
	17: "a secret stands in a log, a URL, a record or an error",
	18: "a file of the server's is served",
	19: "a header chooses the host of links",
	20: "a header chooses the address that limits hold for",
	21: "another site posts a form",
	22: "a path in another spelling goes past a guard",
	23: "a parameter leads to another site",
	24: "opening a link does what only its button may",
	25: "a passkey's origin is compared loosely",
	26: "a name is taken for a filter of the directory",
	28: "XML that is read refers to others, or runs",
	29: "a name or label becomes markup in a page or mail",
	30: "a line break becomes a header of a mail",
	31: "the directory or mail server is not verified",
	32: "an empty password is taken for a right one",
	33: "a stored secret is sent to a server that somebody else chose",
	34: "a failing lookup of groups, or a guarded account, opens what is closed",
	35: "installations share a key or have a password from the start",
	37: "a file that is taken in is more than it seems",
	38: "a new account inherits the methods of an old one of its name",
	39: "an administrator or the help desk does what the role, the scope or a second person should keep them from",
	40: "what pages make or reach for administrators is turned against others: connections, scripts, templates, mails",
}

// later names the classes that have nothing to attack yet, and why.
var later = map[int]string{
	27: "nothing runs commands: there are no hooks",
	36: "there is no agent for the Windows sign-in",
}

// TestEveryClassOfAttacksIsCovered compares the list with the names of the tests in the repository.
func TestEveryClassOfAttacksIsCovered(t *testing.T) {
	const classes = 40
	covered := map[int][]string{}
	name := regexp.MustCompile(`(?m)^func (TestAttack\w+)\(`)
	numbers := regexp.MustCompile(`^TestAttack(\d\d)(?:And(\d\d))?[A-Z]`)
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, found := range name.FindAllStringSubmatch(string(text), -1) {
			n := numbers.FindStringSubmatch(found[1])
			if n == nil {
				t.Errorf("%s: %s does not name a class as TestAttackNN…", path, found[1])
				continue
			}
			for _, text := range n[1:] {
				if class, err := strconv.Atoi(text); err == nil {
					covered[class] = append(covered[class], filepath.ToSlash(filepath.Dir(path))+"."+found[1])
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for class := 1; class <= classes; class++ {
		_, now := applies[class]
		_, not := later[class]
		switch {
		case now == not:
			t.Errorf("class %d is in both lists or in none", class)
		case now && len(covered[class]) == 0:
			t.Errorf("no test is named TestAttack%02d…: %s", class, applies[class])
		case not && len(covered[class]) > 0:
			t.Errorf("class %d is tested and listed as not applying: %s", class, covered[class])
		}
	}
	for _, class := range slices.Sorted(maps.Keys(covered)) {
		if class < 1 || class > classes {
			t.Errorf("%s: there is no class %d", covered[class], class)
		}
		t.Logf("%02d %s\n\t%s", class, applies[class], strings.Join(covered[class], "\n\t"))
	}
}
