import { expect, it } from 'vitest';
import { ssrRoom } from './ssr.ts';

it('gives pages that are rendered a room whose streams can be loaded and whose procedures explain themselves', async () => {
	const room = ssrRoom('chat/desk', { presence: true, cursors: true, actions: ['pin'] }) as any;
	let value: unknown = 0;
	room.data('7').subscribe((now: unknown) => (value = now));
	expect(value).toBeUndefined();
	expect(Object.keys(room).sort()).toEqual(['cursors', 'data', 'moveCursor', 'pin', 'presence']);
	await expect(room.presence.load(undefined)).rejects.toThrow('chat/desk/__presence.load() needs event.platform');
	await expect(room.pin('7')).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
	expect(room.moveCursor('7', {})).toBeUndefined();
});
