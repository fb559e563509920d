import { secret } from './secret.ts';
import { upgradeResponse, type WebSocketHooks } from 'svelte-adapter-uws';
import { createGroup, type GroupRole } from 'svelte-adapter-uws/plugins/groups';
import { createLeader, type Leader } from 'svelte-adapter-uws/plugins/leader';
import { createPresence } from 'svelte-adapter-uws/plugins/presence';
import { greeting } from './greeting.ts';
import { state } from './state.ts';

export const authenticate: WebSocketHooks['authenticate'] = async ({ request, cookies, url, getClientAddress, platform }) => {
	if (url.endsWith('?refuse')) return false;
	if (url.endsWith('?fail')) throw new Error('the session store is away');
	cookies.set('session', `${cookies.get('session') ?? 'new'}-${await request.text()}`, { httpOnly: true, sameSite: 'lax' });
	if (!url.endsWith('?tell')) return;
	return Response.json({ address: getClientAddress(), url: request.url, connections: platform.connections });
};

export const upgrade: WebSocketHooks['upgrade'] = ({ url }) =>
	url.endsWith('?refuse') ? false : upgradeResponse({ name: 'visitor' }, { 'x-app': 'yes' });

export const open: WebSocketHooks['open'] = (ws, { platform }) => {
	state.opened++;
	platform.send(ws, 'greeting', 'created', { greeting, secret, opened: state.opened });
};

export const subscribe: WebSocketHooks['subscribe'] = (_ws, topic) => topic !== 'private';

/** Says which tenth of a second it is, on the leader alone. */
function tell(leader: Leader): void {
	let last = 0;
	setInterval(() => {
		const slot = Math.floor(Date.now() / 100);
		if (!leader.isLeader() || slot === last) return;
		last = slot;
		console.log(`tick ${slot} in ${process.pid}`);
	}, 20).unref();
}

export const init: WebSocketHooks['init'] = ({ platform }) => {
	if (process.env.LEASE_MS) tell(createLeader(platform, { leaseMs: Number(process.env.LEASE_MS) }));
	state.presence = createPresence({ stores: platform.stores, select: ({ id }) => ({ id }) });
	state.crew = createGroup('crew', { stores: platform.stores, maxMembers: 2, ttl: 1_500 });
	if (process.env.FAIL_INIT) throw new Error('no database');
	console.log(`init in ${process.pid}`);
	return process.env.HANG_INIT ? new Promise<void>(() => {}) : undefined;
};

export const message: WebSocketHooks['message'] = async (ws, { text, platform }) => {
	if (text === 'who') ws.send(`process ${process.pid}`);
	else if (text === 'how many') ws.send(`here ${platform.connections}, everywhere ${await platform.everywhere.connections()}`);
	else if (text === 'revoke') console.log(`revoked ${await platform.revoke({ name: 'visitor' })}`);
	else if (text.startsWith('be ')) {
		Object.assign(ws.getUserData() as object, { id: text.slice('be '.length) });
		state.presence?.join(ws, 'hall', platform);
	} else if (text.startsWith('board as ')) ws.send(`aboard ${await state.crew?.join(ws, platform, text.slice(9) as GroupRole)}`);
	else if (text.startsWith('tell admins ')) state.crew?.publish(platform, 'told', text.slice(12), 'admin');
	else if (text === 'tell all') state.crew?.publish(platform, 'told', 'all');
	else if (text === 'go ashore') ws.send(`ashore ${await state.crew?.leave(ws, platform)}`);
	else if (text === 'go') state.presence?.leave(ws, platform);
	else ws.send(`echo ${text}`);
};

export const shutdown: WebSocketHooks['shutdown'] = () => console.log(`shutdown in ${process.pid}`);
