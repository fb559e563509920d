const echo = async ({ request }: { request: Request }) =>
	new Response(request.body, { headers: { 'content-type': request.headers.get('content-type') ?? 'application/octet-stream' } });

export { echo as PATCH, echo as POST, echo as PUT };
