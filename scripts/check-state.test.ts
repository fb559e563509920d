import { expect, it } from 'vitest';
import { findState } from './check-state.mjs';

const lines = (code: string): number[] => findState('module.ts', code).map(({ line }: { line: number }) => line);

it.each([
	['a variable', 'let count = 0;'],
	['an exported variable', 'export let count: number;'],
	['an old variable', 'var count = 0;'],
	['a typed array', 'const buffer = new Uint8Array(8);'],
	['a map', 'const sockets = new Map<string, object>();'],
	['an exported set', 'export const seen = new Set();'],
	['an instance of a class', 'const emitter = new EventEmitter();'],
	['an instance behind a namespace', 'const emitter = new events.EventEmitter();'],
	['a list that grows', 'const list: string[] = [];\nexport const add = (item: string) => list.push(item);'],
	['a list in an object that grows', 'const all = { list: [] };\nexport function add() { all.list.push(1); }'],
	['a record that is written to', 'const byName: Record<string, number> = {};\nexport function set() { byName["a"] = 1; }'],
	['a record that is counted up', 'const count = { value: 0 };\nexport function next() { return count.value++; }'],
	['a record that is emptied', 'const byName = { a: 1 };\nexport function clear() { delete byName.a; }'],
	['a map behind a type that does not keep it', 'const all: Readonly<Map<string, number>> = new Map();'],
	['a weak map, whatever its type', 'const byObject: Readonly<WeakMap<object, number>> = new WeakMap();'],
	['a map in an object', 'const state = { sockets: new Map() };'],
	['a signal that collects listeners', 'const NEVER = new AbortController().signal;'],
	['a variable in a block', 'export const next = [1];\n{ let count = 0; next.map(() => count++); }'],
	['an instance that is the default export', 'export default new EventEmitter();'],
	['a record that is assigned to', 'const all = {};\nexport const add = (more: object) => Object.assign(all, more);'],
	['a field of a function', 'export function next() { return next.count++; }'],
	['what another module holds', "import { list } from './list.ts';\nexport const add = (item: string) => list.push(item);"],
	['a static field', 'class A { static count = 0; }'],
	['a static collection', 'export class A { static readonly all = new Map(); }']
])('finds %s', (_what, code) => {
	expect(lines(code)).toHaveLength(1);
});

it.each([
	['a constant', 'export const MAX = 10;'],
	['a table', 'const CODES: ReadonlyMap<string, number> = new Map([["a", 1]]);'],
	['a set that only has members', 'const NAMES: ReadonlySet<string> = new Set(["a"]);'],
	['a list that is read', 'const LIST = [1, 2];\nexport const first = LIST[0];'],
	['an expression', 'const FORM = new RegExp("a");'],
	['a table of sets', 'const NAMES: Readonly<Record<string, ReadonlySet<string>>> = { a: new Set(["b"]) };'],
	['a collection that a constant is read from', 'const NAMES: ReadonlySet<string> = new Set([...new Set(["a"])]);'],
	[
		'a table that is filled while it is made',
		'const ALL: Record<string, number> = {};\nfor (const name of ["a"]) ALL[name] = 1;'
	],
	['a typed array without elements', 'const EMPTY = new Uint8Array(0);'],
	['a formatter', 'const FORMAT = new Intl.NumberFormat();'],
	['a declared variable', 'declare let injected: string;'],
	['state inside a function', 'export function create() { let count = 0; const all = new Map(); return () => (count++, all); }'],
	['state of an instance', 'export class A { count = 0; readonly all = new Map(); static readonly MAX = 1; }'],
	['what a parameter of another name holds', 'const A = [1];\nexport function add(list: number[]) { list.push(A[0]!); }']
])('lets %s pass', (_what, code) => {
	expect(lines(code)).toEqual([]);
});

it('says where, and what to do', () => {
	expect(findState('module.ts', '\n\nlet count = 0;')).toEqual([
		{ line: 3, message: 'count can be assigned at any time. Make it a field of what is created per server or client.' }
	]);
});

it('refuses a file that it cannot read', () => {
	expect(() => findState('module.ts', 'const = ;')).toThrow('module.ts');
});
