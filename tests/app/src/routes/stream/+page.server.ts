import { gate } from '#lib/gate.ts';

/** `late` comes when somebody posts to the page; `?name=` tells several apart. */
export const load = ({ url }) => ({ early: 'here at once', late: gate(`stream ${url.searchParams.get('name')}`).promise });

export const actions = {
	default: async ({ url, request }) =>
		gate(`stream ${url.searchParams.get('name')}`).resolve(String((await request.formData()).get('text')))
};
