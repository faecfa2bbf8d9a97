package yamledit

import (
	"fmt"
	"slices"
)

// Set makes the value at a path say what a tree says. Keys and items on the way that say the same already are not touched; a key that
// is not there is added, with the maps it is in. Errors: a path that leads nowhere; ErrForm.
func Set(s, path string, want any) (string, error) {
	t, err := parse(s)
	if err != nil {
		return "", err
	}
	steps, err := resolve(t.tree, path)
	if err != nil {
		return "", err
	}
	if len(steps) > 0 {
		if steps, want, err = t.reach(path, steps, want); err != nil {
			return "", err
		}
	}
	for {
		is, ok := walk(t.tree, steps)
		if ok && Same(is, want) {
			return t.s, nil
		}
		if t, err = t.closer(steps, want); err != nil {
			return "", err
		}
	}
}

// reach shortens a path to the last key of it that is there or can be added, and puts what is below into the value.
func (t *text) reach(path string, steps []step, want any) ([]step, any, error) {
	for n := len(steps); n > 0; n-- {
		above, ok := walk(t.tree, steps[:n-1])
		last := steps[n-1]
		list, isList := above.([]any)
		_, isMap := above.(Map)
		switch {
		case ok && isMap && !last.list, ok && isList && last.list && last.at < len(list):
			return steps[:n], want, nil
		case last.list || ok && above != nil && !isMap:
			return nil, nil, fmt.Errorf("there is no %s", path)
		}
		want = Map{{Key: last.key, Value: want}}
	}
	return nil, want, nil
}

// Delete takes a key or an item out. Nothing happens when a key is not there. Errors: an item that is not there; ErrForm.
func Delete(s, path string) (string, error) {
	t, steps, err := open(s, path)
	if err != nil {
		return "", err
	}
	if _, there := walk(t.tree, steps); !there {
		if steps[len(steps)-1].list {
			return "", fmt.Errorf("there is no %s", path)
		}
		return s, nil
	}
	if t, err = t.remove(steps); err != nil {
		return "", err
	}
	return t.s, nil
}

// Insert puts an item before the one at a path; at the length of the list, behind the last. A list that is not there is made.
func Insert(s, path string, item any) (string, error) {
	t, steps, err := open(s, path)
	if err != nil {
		return "", err
	}
	above, at := steps[:len(steps)-1], steps[len(steps)-1]
	is, there := walk(t.tree, above)
	list, ok := is.([]any)
	switch {
	case !at.list || there && is != nil && !ok || at.at > len(list):
		return "", fmt.Errorf("there is no list with a place %s", path)
	case len(list) == 0:
		return Set(s, pathOf(above), []any{item})
	}
	if t, err = t.insert(above, at.at, item); err != nil {
		return "", err
	}
	return t.s, nil
}

// Move takes an item to another position in its list, as it counts without the item.
func Move(s, path string, to int) (string, error) {
	t, steps, err := open(s, path)
	if err != nil {
		return "", err
	}
	above, at := steps[:len(steps)-1], steps[len(steps)-1]
	is, _ := walk(t.tree, above)
	list, ok := is.([]any)
	if !ok || !at.list || at.at >= len(list) || to < 0 || to >= len(list) {
		return "", fmt.Errorf("%s cannot be moved to %d", path, to)
	}
	if to == at.at {
		return s, nil
	}
	if t, err = t.move(above, at.at, to); err != nil {
		return "", err
	}
	return t.s, nil
}

func open(s, path string) (*text, []step, error) {
	t, err := parse(s)
	if err != nil {
		return nil, nil, err
	}
	steps, err := resolve(t.tree, path)
	if err == nil && len(steps) == 0 {
		err = fmt.Errorf("%q is no key and no item", path)
	}
	return t, steps, err
}

func pathOf(steps []step) string {
	path := ""
	for _, s := range steps {
		if s.list {
			path = At(path, s.at)
		} else {
			path = Key(path, s.key)
		}
	}
	return path
}

// become reads a changed text and refuses one that says anything else than it should.
func (t *text) become(s string, steps []step, want func(any) any) (*text, error) {
	after, err := parse(s)
	if err != nil || !Same(after.tree, replaced(t.tree, steps, want)) {
		return nil, ErrForm
	}
	return after, nil
}

// replaced gives a tree with the value at a path changed.
func replaced(tree any, steps []step, change func(any) any) any {
	if len(steps) == 0 {
		return change(tree)
	}
	switch t := tree.(type) {
	case Map:
		t = slices.Clone(t)
		i := find(t, steps[0].key)
		if i < 0 {
			return append(t, Item{Key: steps[0].key, Value: replaced(nil, steps[1:], change)})
		}
		t[i].Value = replaced(t[i].Value, steps[1:], change)
		return t
	case []any:
		t = slices.Clone(t)
		t[steps[0].at] = replaced(t[steps[0].at], steps[1:], change)
		return t
	case nil:
		return Map{{Key: steps[0].key, Value: replaced(nil, steps[1:], change)}}
	}
	return tree
}
