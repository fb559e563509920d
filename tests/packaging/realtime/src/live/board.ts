import { live, pipe } from 'svelte-realtime/server';

const rows = live.stream('board', () => [], { transform: ({ id }: { id: number }) => ({ id }), replay: true });

export const all = live.gate(() => true, rows);
export const even = pipe(
	rows,
	pipe.filter((_, row) => row.id % 2 === 0)
);
/** Its only parameter is the client's. */
export const named = live.stream(
	(team: string) => `team:${team}`,
	() => [process.pid]
);
