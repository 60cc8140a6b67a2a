package source

import (
	"fmt"
	"sort"
	"strings"
)

// A sheet is the work of one import: the files, what was asked for, what went
// wrong first, and the documents whose leaves are counted at the end.
type sheet struct {
	files   []File
	options Options
	used    map[string]bool // choices that a reader asked about
	err     error
	roots   []*node
	notes   drops
}

func (s *sheet) fail(format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf(format, args...)
	}
}

// missing says which flag would give what the source does not.
func (s *sheet) missing(flag, what string) {
	s.fail("the source does not say %s: give --%s", what, flag)
}

// json reads all files as JSON documents.
func (s *sheet) json() []*node { return s.parse(parseJSON) }

func (s *sheet) parse(read func(*sheet, []byte) (*node, error)) []*node {
	for _, f := range s.files {
		root, err := read(s, f.Data)
		if err != nil {
			s.fail("%s: %w", f.Name, err)
			return []*node{nil}
		}
		if len(s.files) > 1 {
			root.name = f.Name
		}
		s.roots = append(s.roots, root)
	}
	return s.roots
}

// single refuses several files.
func (s *sheet) single() {
	if len(s.files) > 1 {
		s.fail("one file makes one tariff of this format, %d were given", len(s.files))
	}
}

// choice returns what was chosen of a name; "" where nothing was.
func (s *sheet) choice(name string) string {
	s.used[name] = true
	return s.options.Choices[name]
}

// choose returns what was chosen of a name, which must be one of several. Where
// there is only one it need not be chosen.
func (s *sheet) choose(name, what string, among []string) string {
	picked := s.choice(name)
	if picked == "" && len(among) == 1 {
		return among[0]
	}
	for _, a := range among {
		if a == picked {
			return a
		}
	}
	if picked == "" {
		s.fail("%s: give --choose %s=…, one of %s", what, name, listed(among))
	} else {
		s.fail("--choose %s=%s: must be one of %s", name, picked, listed(among))
	}
	return ""
}

// plan picks one of several plans by --plan.
func (s *sheet) plan(plans []*node, id func(*node) string) *node {
	var ids []string
	var found *node
	for _, p := range plans {
		name := id(p)
		ids = append(ids, name)
		if name == s.options.Plan && s.options.Plan != "" {
			if found != nil {
				p.fail("a second plan is named %q", name)
			}
			found = p
		}
	}
	switch {
	case len(plans) == 0:
		s.fail("the file holds no plan")
	case s.options.Plan == "" && len(plans) == 1:
		found = plans[0]
	case s.options.Plan == "":
		s.fail("the file holds %d plans: give --plan, one of %s", len(plans), listed(ids))
	case found == nil:
		s.fail("--plan %s: must be one of %s", s.options.Plan, listed(ids))
	}
	for _, p := range plans {
		if p != found {
			p.taken() // another plan is not a part that was left out
		}
	}
	return found
}

// listed writes names in a row, at most a screen of them.
func listed(names []string) string {
	const most = 100
	if n := len(names); n > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", n-most)
	}
	return strings.Join(names, ", ")
}

// drop lists something that has no node of its own.
func (s *sheet) drop(path, value, why string) {
	s.notes.list = append(s.notes.list, Dropped{path, value, why, 1})
}

// left returns all that was not carried, what has a reason of its own first.
func (s *sheet) left() []Dropped {
	for _, root := range s.roots {
		root.left(&s.notes)
	}
	sort.SliceStable(s.notes.list, func(i, j int) bool { return s.notes.list[i].Why != noPlace && s.notes.list[j].Why == noPlace })
	return s.notes.list
}

// unused refuses choices that no reader asked about.
func (s *sheet) unused() {
	var names []string
	for name := range s.options.Choices {
		if !s.used[name] {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	if len(names) > 0 {
		s.fail("--choose %s: this source offers no such choice", strings.Join(names, ", "))
	}
}

// drops collects what was left out, alike things together.
type drops struct {
	list  []Dropped
	index map[[2]string]int
}

func (d *drops) add(n *node, why string) {
	key := [2]string{n.pattern(), why}
	if i, ok := d.index[key]; ok {
		d.list[i].Count++
		return
	}
	if d.index == nil {
		d.index = map[[2]string]int{}
	}
	d.index[key] = len(d.list)
	d.list = append(d.list, Dropped{n.path(), n.brief(), why, 1})
}
