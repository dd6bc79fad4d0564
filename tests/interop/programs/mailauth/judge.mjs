// Judges, signs and seals mails by mailauth: a list of tasks in JSON on stdin, a list of answers in JSON on stdout.
// Names come from the tasks, never from the DNS. The folder of mailauth's package is the only argument.
import { createRequire } from 'node:module';
import { text } from 'node:stream/consumers';

const require = createRequire(process.argv[2] + '/');
const { authenticate } = require('mailauth');
const { dkimSign } = require('mailauth/lib/dkim/sign');
const { sealMessage } = require('mailauth');

const { names, tasks } = JSON.parse(await text(process.stdin));

async function resolver(name, type) {
  const found = names[`${name.toLowerCase()} ${type}`];
  if (!found) {
    throw Object.assign(new Error(`no ${type} of ${name}`), { code: 'ENOTFOUND' });
  }
  return type === 'TXT' ? found.map(one => [one]) : found;
}

async function perform({ kind, mail, ...task }) {
  const octets = Buffer.from(mail, 'base64');
  if (kind === 'sign') {
    const { signatures } = await dkimSign(octets, { signTime: new Date(task.unix * 1000), signatureData: task.keys });
    return { field: signatures };
  }
  if (kind === 'seal') {
    const fields = await sealMessage(octets, { ...task, resolver });
    return { field: fields.toString() };
  }
  const found = await authenticate(octets, { ...task, resolver, mta: 'mx.lagoon.test', disableBimi: true });
  return {
    dkim: found.dkim.results.map(one => `${one.signingDomain || ''} ${one.status.result}`),
    spf: found.spf ? found.spf.status.result : '',
    arc: found.arc ? found.arc.status.result : '',
    dmarc: found.dmarc ? found.dmarc.status.result : '',
  };
}

const answers = [];
for (const task of tasks) {
  answers.push(await perform(task));
}
process.stdout.write(JSON.stringify(answers));
