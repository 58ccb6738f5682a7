// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package eval

import (
	"math"

	"gondola/lisp/value"
)

// numCoder writes the program of a numeric loop for one signature. It gives up (unfit) when a local would change its
// type, when longs and doubles are compared that are not constants, and when registers or code run out.
type numCoder struct {
	program *numProgram
	code    []numInstr
	locals  map[uint8]numReg // by slot
	loop    []uint8          // slots of the loop's own locals
	free    uint8            // the first register not in use; constants are taken from the other end
	consts  uint8
	unfit   bool
}

// numReg is a register and the type of what is in it.
type numReg struct {
	reg    uint8
	double bool
}

// compileNumeric returns a program without code if there is none.
func compileNumeric(l *numLoop, signature uint16) *numProgram {
	p := &numProgram{signature: signature}
	g := &numCoder{program: p, locals: map[uint8]numReg{}, consts: numRegisters}
	for i, s := range l.inputs {
		g.locals[s] = numReg{uint8(i), signature&(1<<i) != 0}
	}
	g.free = uint8(len(l.inputs))
	g.body(l.body)
	if g.unfit || len(g.code) > maxNumCode {
		return p
	}
	for _, s := range g.loop {
		p.turn = append(p.turn, g.write(s))
	}
	p.code = new([maxNumCode]numInstr)
	copy(p.code[:], g.code)
	return p
}

func (g *numCoder) write(slot uint8) numWrite {
	r := g.locals[slot]
	return numWrite{slot, r.reg, r.double}
}

func (g *numCoder) emit(op numOp, a, b, c uint8) { g.add(instr(op, a, b, c)) }

func (g *numCoder) add(in numInstr) {
	g.code = append(g.code, in)
	if len(g.code) > maxNumCode {
		g.unfit = true
	}
}

// here is the place of the next instruction.
func (g *numCoder) here() uint8 { return uint8(min(len(g.code), maxNumCode-1)) }

func (g *numCoder) register() uint8 {
	if g.free >= g.consts {
		g.unfit = true
		return 0
	}
	g.free++
	return g.free - 1
}

// constant finds or takes a register that holds the bits from the start.
func (g *numCoder) constant(bits uint64) uint8 {
	for r := g.consts; r < numRegisters; r++ {
		if g.program.registers[r] == bits {
			return r
		}
	}
	if g.consts <= g.free {
		g.unfit = true
		return 0
	}
	g.consts--
	g.program.registers[g.consts] = bits
	return g.consts
}

func (g *numCoder) body(b numBody) {
	if g.unfit {
		return
	}
	switch x := b.(type) {
	case *numIf:
		otherwise := g.jump(x.test, false)
		g.body(x.then)
		g.land(otherwise)
		g.body(x.els)
	case *numLet:
		outer, shadows := g.locals[x.slot]
		free := g.free
		r := numReg{g.register(), g.double(x.init)}
		g.into(x.init, r.reg)
		g.locals[x.slot] = r
		g.body(x.body)
		g.free = free
		delete(g.locals, x.slot)
		if shadows {
			g.locals[x.slot] = outer
		}
	case *numRecur:
		g.recur(x)
	case *numExit:
		var writes []numWrite
		for slot := range g.locals {
			writes = append(writes, g.write(slot))
		}
		g.program.exits = append(g.program.exits, numLeave{x.node, writes})
		g.emit(numOut, uint8(len(g.program.exits)-1), 0, 0)
	}
}

// numAssign is the next value of a loop local.
type numAssign struct {
	slot, reg uint8
	arg       *numExpr
}

// recur assigns all locals at once: a local whose old value no other assignment needs any more gets its value directly; when
// all need each other, one value waits in a register of its own.
func (g *numCoder) recur(x *numRecur) {
	g.loop = x.slots
	free := g.free
	var open []numAssign
	for i, arg := range x.args {
		local := g.locals[x.slots[i]]
		if g.double(arg) != local.double {
			g.unfit = true
			return
		}
		if arg.form != numLocal || arg.slot != x.slots[i] {
			open = append(open, numAssign{x.slots[i], local.reg, arg})
		}
	}
	var moves []numInstr
	for len(open) > 0 {
		i := unneeded(open)
		reg := open[max(i, 0)].reg
		if i < 0 {
			i = 0
			waiting := g.register()
			moves = append(moves, instr(numMove, waiting, 0, reg))
			reg = waiting
		}
		g.into(open[i].arg, reg)
		open = append(open[:i:i], open[i+1:]...)
	}
	for _, m := range moves {
		g.add(m)
	}
	g.free = free
	g.emit(numTurn, 0, 0, 0)
}

// unneeded finds an assignment whose local no other one reads; -1 if there is none.
func unneeded(open []numAssign) int {
	for i, a := range open {
		needed := false
		for j, other := range open {
			needed = needed || i != j && other.arg.reads(a.slot)
		}
		if !needed {
			return i
		}
	}
	return -1
}

// double reports whether an expression's value is a double: one operand that is makes it one.
func (g *numCoder) double(e *numExpr) bool {
	switch e.form {
	case numLocal:
		return g.locals[e.slot].double
	case numConst:
		_, ok := e.k.Double()
		return ok
	}
	return g.double(e.x) || g.double(e.y)
}

var numArithOps = [2][3]numOp{
	{opAdd: numAddL, opSub: numSubL, opMul: numMulL},
	{opAdd: numAddD, opSub: numSubD, opMul: numMulD},
}

// into computes an expression into a register.
func (g *numCoder) into(e *numExpr, reg uint8) {
	if g.unfit {
		return
	}
	if e.form != numArith {
		g.emit(numMove, g.operand(e, g.double(e)), 0, reg)
		return
	}
	double := g.double(e)
	free := g.free
	a := g.operand(e.x, double)
	b := g.operand(e.y, double)
	g.free = free
	kind := 0
	if double {
		kind = 1
	}
	g.emit(numArithOps[kind][e.op], a, b, reg)
}

// operand is a register that holds the expression's value as a long or as a double.
func (g *numCoder) operand(e *numExpr, double bool) uint8 {
	switch e.form {
	case numLocal:
		l := g.locals[e.slot]
		if l.double == double {
			return l.reg
		}
	case numConst:
		return g.constant(constBits(e.k, double))
	}
	reg := g.register()
	g.into(e, reg)
	if double && !g.double(e) {
		g.emit(numToDouble, reg, 0, reg)
	}
	return reg
}

func constBits(k value.Value, double bool) uint64 {
	if d, ok := k.Double(); ok {
		return math.Float64bits(d)
	}
	n, _ := k.Long()
	if double {
		return math.Float64bits(float64(n))
	}
	return uint64(n)
}

// jump emits jumps that are taken if the test's outcome is want; land gives them their place.
func (g *numCoder) jump(t *numTest, want bool) []int {
	switch {
	case g.unfit:
		return nil
	case t.form == testCmp:
		return g.jumpCompare(t, want)
	case t.form == testNot:
		return g.jump(t.a, !want)
	case (t.form == testOr) == want: // either may jump
		return append(g.jump(t.a, want), g.jump(t.b, want)...)
	}
	past := g.jump(t.a, !want)
	jumps := g.jump(t.b, want)
	g.land(past)
	return jumps
}

func (g *numCoder) land(jumps []int) {
	for _, j := range jumps {
		g.code[j] = g.code[j].leadingTo(g.here())
	}
}

func (g *numCoder) jumpCompare(t *numTest, want bool) []int {
	x, y, op := t.x, t.y, t.op
	if op == cmpGT || op == cmpGE {
		x, y, op = y, x, op-(cmpGT-cmpLT)
	}
	double := g.double(x) || g.double(y)
	if double && (op == cmpEQ || !g.exact(x) || !g.exact(y)) {
		g.unfit = true
		return nil
	}
	free := g.free
	a, b := g.operand(x, double), g.operand(y, double)
	g.free = free
	jump := map[cmpOp][2]numOp{
		cmpLT: {numJumpLT, numJumpLTD}, cmpLE: {numJumpLE, numJumpLED}, cmpEQ: {numJumpEQ},
	}[op]
	code := jump[0]
	switch {
	case double && want:
		code = jump[1]
	case double: // not the opposite comparison: that is false too where a number is NaN
		code = map[numOp]numOp{numJumpLTD: numJumpNotLTD, numJumpLED: numJumpNotLED}[jump[1]]
	case !want && op == cmpEQ:
		code = numJumpNE
	case !want:
		a, b = b, a
		code = map[numOp]numOp{numJumpLT: numJumpLE, numJumpLE: numJumpLT}[code]
	}
	g.emit(code, a, b, 0)
	return []int{len(g.code) - 1}
}

// exact reports whether the value as a double compares as the number itself does: a double, or a constant below 2^53.
func (g *numCoder) exact(e *numExpr) bool {
	if e.form == numConst {
		n, isLong := e.k.Long()
		return !isLong || n > -1<<53 && n < 1<<53
	}
	return g.double(e)
}
