import type { Connection } from 'svelte-adapter-uws';

const bySession = new Map<string, Set<Connection>>();

/** Remembers which sockets belong to a session, so that signing out can end them. */
export const sockets = {
	add(session: string, ws: Connection): void {
		const set = bySession.get(session);
		if (set) set.add(ws);
		else bySession.set(session, new Set([ws]));
	},
	remove(session: string, ws: Connection): void {
		const set = bySession.get(session);
		if (set?.delete(ws) && set.size === 0) bySession.delete(session);
	},
	/** Closes every socket of a session with 4401: clients do not try again. */
	end(session: string): void {
		for (const ws of bySession.get(session) ?? []) ws.close(4401, 'signed out');
	}
};
