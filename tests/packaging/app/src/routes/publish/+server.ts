import { text } from '@sveltejs/kit';

export const POST = async ({ platform, request }) => {
	platform!.publish('news', 'created', { text: await request.text() });
	return text('published');
};
