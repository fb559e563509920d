export const load = ({ url }) => ({ id: url.searchParams.get('id') ?? '' });
