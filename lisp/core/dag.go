// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"slices"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// dagTable: directed acyclic graphs.
var dagTable = eval.Table{
	{Name: "dag/dag", Min: 0, Max: -1, FN: func(_ *eval.Thread, a []value.Value) (value.Value, error) {
		return (&dag{index: value.EmptyHashMap}).with(a, nil)
	}, Forms: "(dag/dag)\n(dag/dag & edges)", Doc: "A graph of edges, which are vectors of a parent and a child."},
	isA[*dag]("dag/dag?"),
	{Name: "dag/add-edges", Min: 2, Max: -1, FN: func(_ *eval.Thread, a []value.Value) (value.Value, error) {
		g, err := asDag(a[0])
		if err != nil {
			return value.Nil, err
		}
		return g.with(a[1:], nil)
	}, Forms: "(dag/add-edges dag & edges)", Doc: "The graph with more edges; what is no node yet becomes one."},
	{Name: "dag/add-nodes", Min: 2, Max: -1, FN: func(_ *eval.Thread, a []value.Value) (value.Value, error) {
		g, err := asDag(a[0])
		if err != nil {
			return value.Nil, err
		}
		return g.with(nil, a[1:])
	}, Forms: "(dag/add-nodes dag & nodes)", Doc: "The graph with more nodes."},
	dagRow("dag/nodes", "The nodes in the order they were added.", func(g *dag) (value.Value, error) { return list(g.nodes...), nil }),
	dagRow("dag/edges", "The edges in the order they were added.", func(g *dag) (value.Value, error) { return list(g.edgeVectors()...), nil }),
	dagRow("dag/roots", "The nodes without parents.", func(g *dag) (value.Value, error) {
		var out []value.Value
		for i, n := range g.nodes {
			if len(g.parents[i]) == 0 {
				out = append(out, n)
			}
		}
		return list(out...), nil
	}),
	dagRow("dag/topological-sort", "A vector of the nodes, parents before their children.", func(g *dag) (value.Value, error) {
		order, err := g.sorted()
		return vec(order...), err
	}),
	dagRow("dag/compare-fn", "A compare function for sort: the topological order, then what is no node.", dagComparator),
	nodeRow("dag/children", "The children of a node, theirs and so on, the nearest first.", func(g *dag, i int) []int { return reach(g.children, i) }),
	nodeRow("dag/direct-children", "The children of a node.", func(g *dag, i int) []int { return g.children[i] }),
	nodeRow("dag/parents", "The parents of a node, theirs and so on, the nearest first.", func(g *dag, i int) []int { return reach(g.parents, i) }),
	nodeRow("dag/direct-parents", "The parents of a node.", func(g *dag, i int) []int { return g.parents[i] }),
	relationRow("dag/parent-of?", "(dag/parent-of? dag p node)", "Whether p is a parent of a node, a parent's parent or so on.", func(g *dag) [][]int { return g.parents }),
	relationRow("dag/child-of?", "(dag/child-of? dag c node)", "Whether c is a child of a node, a child's child or so on.", func(g *dag) [][]int { return g.children }),
	{Name: "dag/node?", Min: 2, Max: 2, F2: func(_ *eval.Thread, v, n value.Value) (value.Value, error) {
		g, err := asDag(v)
		if err != nil {
			return value.Nil, err
		}
		_, ok := g.find(n)
		return value.Bool(ok), nil
	}, Forms: "(dag/node? dag node)", Doc: "Whether the graph has a node."},
	{Name: "dag/edge?", Min: 3, Max: 3, F3: func(_ *eval.Thread, v, parent, child value.Value) (value.Value, error) {
		g, err := asDag(v)
		if err != nil {
			return value.Nil, err
		}
		p, ok := g.find(parent)
		c, ok2 := g.find(child)
		return value.Bool(ok && ok2 && slices.Contains(g.children[p], c)), nil
	}, Forms: "(dag/edge? dag parent child)", Doc: "Whether the graph has an edge."},
}

// dag is a directed graph, immutable. Nodes are known by their place; children and parents are in the order of the edges.
type dag struct {
	value.Obj
	nodes    []value.Value
	index    value.Map // node → place
	edges    [][2]int
	children [][]int
	parents  [][]int
}

var typeDag = &value.Type{Name: "dag/dag", Supers: []*value.Type{value.TypeCollection}}

// Type is dag/dag.
func (*dag) Type() *value.Type { return typeDag }

// Count is the number of nodes.
func (g *dag) Count() int { return len(g.nodes) }

// PrintTo writes the nodes without edges, then the edges.
func (g *dag) PrintTo(p *value.Printer) {
	var alone []value.Value
	for i, n := range g.nodes {
		if len(g.parents[i])+len(g.children[i]) == 0 {
			alone = append(alone, n)
		}
	}
	p.Print(list(append(alone, g.edgeVectors()...)...))
}

func (g *dag) edgeVectors() []value.Value {
	out := make([]value.Value, len(g.edges))
	for i, e := range g.edges {
		out[i] = vec(g.nodes[e[0]], g.nodes[e[1]])
	}
	return out
}

func (g *dag) find(n value.Value) (int, bool) {
	v, ok := g.index.Get(n)
	i, _ := v.Long()
	return int(i), ok
}

func asDag(v value.Value) (*dag, error) {
	g, ok := v.Ref().(*dag)
	if !ok {
		return nil, value.CoerceError(v, "dag")
	}
	return g, nil
}

// with is the graph with more edges and nodes.
func (g *dag) with(edges, nodes []value.Value) (value.Value, error) {
	r := &dag{nodes: slices.Clone(g.nodes), index: g.index, edges: slices.Clone(g.edges)}
	for i := range g.nodes {
		r.children = append(r.children, slices.Clone(g.children[i]))
		r.parents = append(r.parents, slices.Clone(g.parents[i]))
	}
	for _, e := range edges {
		s, ok := e.Ref().(value.Sequence)
		if !ok {
			return value.Nil, value.Errorf("%s is not allowed to pass a DAG (directed acyclic graph) edge! A sequence with two values (e.g.: [\"A\" \"B\"]) is required.", e.Type())
		}
		if s.Count() != 2 {
			return value.Nil, value.Errorf("Invalid DAG (directed acyclic graph) edge sequence with %d elements! Two sequence elements are required to define an edge, e.g.: [\"A\" \"B\"].", s.Count())
		}
		parent, child := r.place(s.Nth(0)), r.place(s.Nth(1))
		if parent == child {
			return value.Nil, value.Errorf("The edge is a cycle")
		}
		if !slices.Contains(r.children[parent], child) {
			r.children[parent] = append(r.children[parent], child)
			r.parents[child] = append(r.parents[child], parent)
			r.edges = append(r.edges, [2]int{parent, child})
		}
	}
	for _, n := range nodes {
		r.place(n)
	}
	// as the reference: only a graph without any root is refused here, other cycles by dag/topological-sort
	root := func(parents []int) bool { return len(parents) == 0 }
	if len(r.nodes) > 1 && !slices.ContainsFunc(r.parents, root) {
		return value.Nil, value.Errorf("The edge is a cycle")
	}
	return value.New(r).Val(), nil
}

// place finds or adds a node.
func (g *dag) place(n value.Value) int {
	if i, ok := g.find(n); ok {
		return i
	}
	i := len(g.nodes)
	g.nodes, g.children, g.parents = append(g.nodes, n), append(g.children, nil), append(g.parents, nil)
	g.index = g.index.Assoc(n, value.Long(int64(i)))
	return i
}

// reach is what can be reached from a node, the nearest first.
func reach(next [][]int, from int) []int {
	var out []int
	for visit := slices.Clone(next[from]); len(visit) > 0; visit = visit[1:] {
		if n := visit[0]; !slices.Contains(out, n) {
			out = append(out, n)
			visit = append(visit, next[n]...)
		}
	}
	return out
}

// sorted is Kahn's algorithm with a stack of the nodes whose parents are all done.
func (g *dag) sorted() ([]value.Value, error) {
	if len(g.nodes) == 0 {
		return nil, value.Throwf(value.RuntimeException, "The graph is empty!")
	}
	open := make([]int, len(g.nodes)) // parents that are not done
	for i, p := range g.parents {
		open[i] = len(p)
	}
	var stack []int
	for _, i := range g.hashed() {
		if open[i] == 0 {
			stack = append(stack, i)
		}
	}
	var out []value.Value
	for len(stack) > 0 {
		i := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		out = append(out, g.nodes[i])
		for _, c := range g.children[i] {
			if open[c]--; open[c] == 0 {
				stack = append(stack, c)
			}
		}
	}
	if len(out) < len(g.nodes) {
		return nil, value.Errorf("The graph has cycles!")
	}
	return out, nil
}

// hashed are the nodes in the order in which the reference takes them up: it keeps them in a hash table, nodes without
// edges first, then the ends of the edges.
func (g *dag) hashed() []int {
	var order []int
	for i := range g.nodes {
		if len(g.parents[i])+len(g.children[i]) == 0 {
			order = append(order, i)
		}
	}
	buckets := 16
	for len(order)*4 > buckets*3 {
		buckets *= 2
	}
	for _, e := range g.edges {
		for _, i := range e {
			if !slices.Contains(order, i) {
				order = append(order, i)
			}
		}
	}
	for len(order)*4 > buckets*3 {
		buckets *= 2
	}
	bucket := func(i int) int {
		h := 31 + value.Hash(g.nodes[i])
		return int(h^h>>16) & (buckets - 1)
	}
	slices.SortStableFunc(order, func(a, b int) int { return bucket(a) - bucket(b) })
	return order
}

func dagComparator(g *dag) (value.Value, error) {
	order, err := g.sorted()
	if err != nil {
		return value.Nil, err
	}
	var rank value.Map = value.EmptyHashMap
	for i, n := range order {
		rank = rank.Assoc(n, value.Long(int64(i)))
	}
	last := value.Long(int64(len(order)))
	of := func(n value.Value) value.Value {
		if r, ok := rank.Get(n); ok {
			return r
		}
		return last
	}
	return eval.NewBuiltin("toposort-compare", 2, 2, func(_ *eval.Thread, a []value.Value) (value.Value, error) {
		return value.Long(int64(value.Compare(of(a[0]), of(a[1])))), nil
	}), nil
}

func dagRow(name, doc string, f func(*dag) (value.Value, error)) eval.Row {
	return eval.Row{Name: name, Min: 1, Max: 1, Forms: "(" + name + " dag)", Doc: doc, F1: func(_ *eval.Thread, v value.Value) (value.Value, error) {
		g, err := asDag(v)
		if err != nil {
			return value.Nil, err
		}
		return f(g)
	}}
}

func nodeRow(name, doc string, f func(g *dag, node int) []int) eval.Row {
	return eval.Row{Name: name, Min: 2, Max: 2, Forms: "(" + name + " dag node)", Doc: doc, F2: func(_ *eval.Thread, v, n value.Value) (value.Value, error) {
		g, err := asDag(v)
		if err != nil {
			return value.Nil, err
		}
		i, ok := g.find(n)
		if !ok {
			return value.Nil, value.Errorf("Node not found: %s", value.PrStr(n))
		}
		var out []value.Value
		for _, k := range f(g, i) {
			out = append(out, g.nodes[k])
		}
		return list(out...), nil
	}}
}

func relationRow(name, form, doc string, next func(*dag) [][]int) eval.Row {
	return eval.Row{Name: name, Min: 3, Max: 3, Forms: form, Doc: doc, F3: func(_ *eval.Thread, v, other, n value.Value) (value.Value, error) {
		g, err := asDag(v)
		if err != nil {
			return value.Nil, err
		}
		i, ok := g.find(n)
		if !ok {
			return value.Nil, value.Errorf("Node not found!")
		}
		k, ok := g.find(other)
		return value.Bool(ok && slices.Contains(reach(next(g), i), k)), nil
	}}
}
