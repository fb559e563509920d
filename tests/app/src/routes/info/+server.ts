import { json } from '@sveltejs/kit';
import { read } from '$app/server';
import { life } from '#lib/life.ts';
import asset from './asset.txt?url';

export const GET = async ({ platform, url, getClientAddress, cookies }) => {
	const { tap: _tap, ...seen } = life;
	const visits = Number(cookies.get('visits') ?? 0) + 1;
	cookies.set('visits', String(visits), { path: '/' });
	cookies.set('another', 'one', { path: '/' });
	return json({
		life: seen,
		visits,
		origin: url.origin,
		address: getClientAddress(),
		asset: await read(asset).text(),
		requestId: platform!.requestId,
		epoch: platform!.epoch,
		connections: platform!.connections,
		maxPayloadLength: platform!.maxPayloadLength,
		watchers: platform!.subscribers('notes')
	});
};
