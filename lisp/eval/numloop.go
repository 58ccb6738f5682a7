// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package eval

import (
	"math"
	"sync/atomic"

	"gondola/lisp/value"
)

// numLoop runs a numeric loop on registers. Which locals are longs and which are doubles is seen at entry; a program is
// made for each such signature, because the types are then known throughout. Whatever does not fit (other types, a local
// that changes its type, a function that the namespace has redefined) stays with the nodes.
type numLoop struct {
	body     numBody
	own      *atomic.Bool
	inputs   []uint8 // the slots that are read before they are bound: loop locals and locals around the loop
	programs atomic.Pointer[[]*numProgram]
}

const (
	maxNumInputs   = 12
	maxNumPrograms = 8 // signatures of one loop
	numRegisters   = 32
	maxNumCode     = 256
)

// newNumLoop returns nil if the loop is not numeric.
func newNumLoop(body Node, locals []binder) *numLoop {
	r := &numReader{}
	b := r.body(body)
	if b == nil || r.mixed {
		return nil
	}
	l := &numLoop{body: b, own: r.own}
	if l.own == nil {
		l.own = &never
	}
	for slot := range 256 {
		if b.reads(uint8(slot)) && !bindsBefore(b, uint8(slot)) {
			l.inputs = append(l.inputs, uint8(slot))
		}
	}
	for _, x := range locals {
		s, ok := x.(slotBinder)
		if !ok || s.l.cell {
			return nil
		}
		l.input(s.l.slot)
	}
	if len(l.inputs) > maxNumInputs {
		return nil
	}
	return l
}

// input adds a loop local that is only ever written.
func (l *numLoop) input(slot uint8) {
	for _, s := range l.inputs {
		if s == slot {
			return
		}
	}
	l.inputs = append(l.inputs, slot)
}

// bindsBefore reports whether a let inside the body binds the slot: then it is no input.
func bindsBefore(b numBody, slot uint8) bool {
	switch x := b.(type) {
	case *numIf:
		return bindsBefore(x.then, slot) || bindsBefore(x.els, slot)
	case *numLet:
		return x.slot == slot || bindsBefore(x.body, slot)
	}
	return false
}

// run runs the loop from the values in the frame. done is false if the nodes have to go on, from the values in the frame.
func (l *numLoop) run(th *Thread, fr *Frame) (v value.Value, err error, done bool) {
	if l.own.Load() {
		return value.Nil, nil, false
	}
	var signature uint16
	for i, s := range l.inputs {
		if _, ok := fr[s].Double(); ok {
			signature |= 1 << i
		} else if _, ok := fr[s].Long(); !ok {
			return value.Nil, nil, false
		}
	}
	p := l.program(signature)
	if p.code == nil {
		return value.Nil, nil, false
	}
	exit, err := p.run(th, fr, l)
	switch {
	case err != nil:
		return value.Nil, err, true
	case exit == nil:
		return value.Nil, nil, false
	}
	v, err = exit.Eval(th, fr)
	return v, err, true
}

// program finds or makes the program for a signature; one without code says that there is none.
func (l *numLoop) program(signature uint16) *numProgram {
	known := l.programs.Load()
	if known != nil {
		for _, p := range *known {
			if p.signature == signature {
				return p
			}
		}
		if len(*known) == maxNumPrograms {
			return &numProgram{}
		}
	}
	p := compileNumeric(l, signature)
	grown := []*numProgram{p}
	if known != nil {
		grown = append(grown, *known...)
	}
	l.programs.CompareAndSwap(known, &grown) // another thread's is as good
	return p
}

// numProgram is a loop for one signature. It is never changed.
type numProgram struct {
	signature uint16
	code      *[maxNumCode]numInstr
	registers [numRegisters]uint64 // the constants in their places
	exits     []numLeave
	turn      []numWrite // what a turn leaves in the frame
}

// numLeave is an exit: the locals to write back, then the node to evaluate.
type numLeave struct {
	node   Node
	writes []numWrite
}

type numWrite struct {
	slot, reg uint8
	double    bool
}

// numInstr is an instruction on registers a and b; c is the register or the place in the code that it leads to. One word,
// because that is one load: op, a, b, c from the low end.
type numInstr uint32

func instr(op numOp, a, b, c uint8) numInstr {
	return numInstr(op) | numInstr(a)<<8 | numInstr(b)<<16 | numInstr(c)<<24
}

// leadingTo is the instruction with another c.
func (in numInstr) leadingTo(c uint8) numInstr { return in&(1<<24-1) | numInstr(c)<<24 }

type numOp uint8

const (
	numMove numOp = iota
	numToDouble
	numAddL
	numSubL
	numMulL
	numAddD
	numSubD
	numMulD
	numJumpLT // of longs
	numJumpLE
	numJumpEQ
	numJumpNE
	numJumpLTD // of doubles
	numJumpLED
	numJumpNotLTD
	numJumpNotLED
	numTurn // to the start
	numOut
)

func (w numWrite) to(fr *Frame, bits uint64) {
	if w.double {
		fr[w.slot] = value.Double(math.Float64frombits(bits))
	} else {
		fr[w.slot] = value.Long(int64(bits))
	}
}

// run returns the node of the exit taken, nil if a function has been redefined meanwhile, or the error of an interrupt.
func (p *numProgram) run(th *Thread, fr *Frame, l *numLoop) (Node, error) {
	r := p.registers
	for i, s := range l.inputs {
		if d, ok := fr[s].Double(); ok {
			r[i] = math.Float64bits(d)
		} else {
			n, _ := fr[s].Long()
			r[i] = uint64(n)
		}
	}
	code := p.code
	pc := uint8(0)
	for {
		in := code[pc]
		pc++
		a, b := r[in>>8&(numRegisters-1)], r[in>>16&(numRegisters-1)]
		to := uint8(in >> 24)
		c := to & (numRegisters - 1)
		switch numOp(in) {
		case numMove:
			r[c] = a
		case numToDouble:
			r[c] = math.Float64bits(float64(int64(a)))
		case numAddL:
			r[c] = a + b
		case numSubL:
			r[c] = a - b
		case numMulL:
			r[c] = a * b
		case numAddD:
			r[c] = math.Float64bits(math.Float64frombits(a) + math.Float64frombits(b))
		case numSubD:
			r[c] = math.Float64bits(math.Float64frombits(a) - math.Float64frombits(b))
		case numMulD:
			r[c] = math.Float64bits(math.Float64frombits(a) * math.Float64frombits(b))
		case numJumpLT:
			if int64(a) < int64(b) {
				pc = to
			}
		case numJumpLE:
			if int64(a) <= int64(b) {
				pc = to
			}
		case numJumpEQ:
			if a == b {
				pc = to
			}
		case numJumpNE:
			if a != b {
				pc = to
			}
		case numJumpLTD:
			if math.Float64frombits(a) < math.Float64frombits(b) {
				pc = to
			}
		case numJumpLED:
			if math.Float64frombits(a) <= math.Float64frombits(b) {
				pc = to
			}
		case numJumpNotLTD:
			if !(math.Float64frombits(a) < math.Float64frombits(b)) {
				pc = to
			}
		case numJumpNotLED:
			if !(math.Float64frombits(a) <= math.Float64frombits(b)) {
				pc = to
			}
		case numTurn:
			pc = 0
			if th.depth >= th.limit.Load() || l.own.Load() {
				for _, w := range p.turn {
					w.to(fr, r[w.reg&(numRegisters-1)])
				}
				if l.own.Load() {
					return nil, nil
				}
				if err := th.overLimit(); err != nil {
					return nil, err
				}
			}
		case numOut:
			e := &p.exits[in>>8&0xff]
			for _, w := range e.writes {
				w.to(fr, r[w.reg&(numRegisters-1)])
			}
			return e.node, nil
		}
	}
}
