const base = { poweredByHeader: false };

export default (phase) => ({ ...base, distDir: 'build' });
