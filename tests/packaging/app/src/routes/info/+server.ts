import { json } from '@sveltejs/kit';
import { read } from '$app/server';
import asset from './asset.txt?url';
import { state } from '../../state.ts';

export const GET = async ({ platform, url, getClientAddress }) =>
	json({
		opened: state.opened,
		connections: platform!.connections,
		requestId: platform!.requestId,
		instrumented: (globalThis as { instrumented?: boolean }).instrumented === true,
		origin: url.origin,
		address: getClientAddress(),
		asset: await read(asset).text()
	});
