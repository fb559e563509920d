import type { ESTree } from 'vite';
import type { RoomStub, StreamStubOptions } from './live-module.ts';
import { membersOf, unwrap, type Scope } from './scope.ts';

type Node = ESTree.Node;

/** What a room has, by the syntax of its configuration; a sentence when that cannot be seen. */
export function roomStub(
	scope: Scope,
	node: Node | undefined,
	literals: (scope: Scope, node: Node | undefined) => StreamStubOptions
): RoomStub | string {
	const config = membersOf(scope, node);
	if (!config) return 'cannot tell what the room has. Write its configuration as an object in this file, without spreading.';
	const actions = config.get('actions');
	const names = actions && membersOf(scope, actions);
	if (actions && !names)
		return 'cannot tell which actions the room has. Write them as an object in this file, without spreading.';
	const { merge, key } = literals(scope, node);
	const cursors = config.get('cursors');
	return {
		...(merge === undefined ? {} : { merge }),
		...(key === undefined ? {} : { key }),
		...(isGiven(scope, config.get('presence')) ? { presence: true } : {}),
		...(isGiven(scope, cursors) ? { cursors: true } : {}),
		...(names ? { actions: [...names.keys()] } : {})
	};
}

function isGiven(scope: Scope, node: Node | undefined): boolean {
	const value = node && unwrap(scope, node);
	if (!value) return false;
	return !(value.type === 'Literal' && value.value === false) && !(value.type === 'Identifier' && value.name === 'undefined');
}
