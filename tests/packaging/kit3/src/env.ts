import { defineEnvVars } from '@sveltejs/kit/env';

export const variables = defineEnvVars({ APP_SECRET: { schema: (value) => value ?? '' } });
