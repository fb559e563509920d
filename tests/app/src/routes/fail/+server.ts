export const GET = () => {
	throw new Error('asked to');
};
