// Of a Jest report: the number of passed tests to standard error, each failed one to standard output, with its cause.
// A file that could not be run is one. Usage: FILE
const { readFileSync } = require('node:fs');
const { basename } = require('node:path');

const CAUSE_LINES = 12;

const { numPassedTests, testResults } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
for (const { name, status, message, assertionResults } of testResults) {
  const failed = assertionResults.filter((test) => test.status === 'failed');
  if (status === 'failed' && failed.length === 0) tell(name, 'could not be run', message);
  for (const { fullName, failureMessages } of failed) tell(name, fullName, failureMessages.join('\n'));
}
console.error(numPassedTests);

function tell(file, title, cause) {
  console.log(`-- ${basename(file)}: ${title.replaceAll('\n', ' ')}`);
  console.log(
    cause
      .split('\n', CAUSE_LINES)
      .join('\n')
      .replace(/^(?=-- )/gm, ' '),
  );
}
