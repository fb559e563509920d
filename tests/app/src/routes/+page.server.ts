import { life } from '#lib/life.ts';
import type { Note } from '#lib/note.ts';

const first: readonly Note[] = [{ id: 'first', text: 'From the server' }];

export const load = () => ({ notes: first, opened: life.opened });
