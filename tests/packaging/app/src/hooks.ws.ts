import { secret } from './secret.ts';
import { upgradeResponse, type WebSocketHooks } from 'svelte-adapter-uws';
import { greeting } from './greeting.ts';
import { state } from './state.ts';

export const upgrade: WebSocketHooks['upgrade'] = ({ url }) =>
	url.endsWith('?refuse') ? false : upgradeResponse({ name: 'visitor' }, { 'x-app': 'yes' });

export const open: WebSocketHooks['open'] = (ws, { platform }) => {
	state.opened++;
	platform.send(ws, 'greeting', 'created', { greeting, secret, opened: state.opened });
};

export const subscribe: WebSocketHooks['subscribe'] = (_ws, topic) => topic !== 'private';

export const init: WebSocketHooks['init'] = () => {
	if (process.env.FAIL_INIT) throw new Error('no database');
	console.log(`init in ${process.pid}`);
};

export const message: WebSocketHooks['message'] = (ws, { text }) =>
	void ws.send(text === 'who' ? `process ${process.pid}` : `echo ${text}`);

export const shutdown: WebSocketHooks['shutdown'] = () => console.log(`shutdown in ${process.pid}`);
