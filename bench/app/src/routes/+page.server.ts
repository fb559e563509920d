import type { PageServerLoad } from './$types';

export const load: PageServerLoad = () => ({ rows: Array.from({ length: 20 }, (_, id) => ({ id, text: `Row ${id}` })) });
