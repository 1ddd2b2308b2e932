const JEST = 'npm run jest -- --bail --passWithNoTests --testPathIgnorePatterns "[.](mount|rgw)[.]test[.]"';

/** The pre-commit hook: format, lint, types, and the tests that the staged files touch. */
export default {
  '*.{ts,js,cjs,json,md,yaml,yml}': 'prettier --check --ignore-unknown',
  '*.ts': [
    'eslint --max-warnings 0',
    () => 'npm run typecheck',
    (files) => `${JEST} --findRelatedTests ${files.map((file) => JSON.stringify(file)).join(' ')}`,
  ],
};
