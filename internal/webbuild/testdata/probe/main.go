// Command probe works the parts of Go's runtime that read the table of
// functions: the collector, growing stacks, goroutines, defer and recover,
// reflection. Then it crashes.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
)

type node struct {
	Left, Right *node
	Name        string
}

// tree fills the memory; its pointers are found on the stack by the collector.
func tree(depth int) *node {
	if depth == 0 {
		return &node{Name: strings.Repeat("leaf", 4)}
	}
	n := &node{Left: tree(depth - 1), Name: fmt.Sprint(depth)}
	if depth%5 == 0 {
		runtime.GC()
	}
	n.Right = tree(depth - 1)
	return n
}

func (n *node) count() int {
	if n == nil {
		return 0
	}
	return 1 + n.Left.count() + n.Right.count()
}

// deep needs a stack that has to be moved.
func deep(n int) (sum int) {
	var room [64]int
	defer func() { sum += len(room) }()
	if n == 0 {
		panic(errors.New("the bottom"))
	}
	room[n%64] = n
	return deep(n-1) + room[n%64]
}

func caught() (err error) {
	defer func() { err, _ = recover().(error) }()
	deep(2000)
	return nil
}

func main() {
	var wait sync.WaitGroup
	counts := make([]int, 4)
	for i := range counts {
		wait.Go(func() { counts[i] = tree(10 + i).count() })
	}
	wait.Wait()
	text, err := json.Marshal(map[string]any{"counts": counts, "caught": caught().Error()})
	fmt.Println(string(text), err)
	crash(nil)
}

//go:noinline
func crash(m map[string]int) { m["nowhere"] = 1 }
