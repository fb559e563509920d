import { text } from '@sveltejs/kit';

export const POST = async ({ request }) => text(await request.text());
