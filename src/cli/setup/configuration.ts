/** A configuration file with the answers put in: everything else in it stays, comments too. */
import { type Document, isMap, isScalar, parseDocument } from 'yaml';
import type { Answers } from './answers.ts';

const HEAD = `# Millrace's configuration. Every key with its default is in config/example.yaml.
`;

/** @param text of the file as it is; undefined where there is none */
export function withAnswers(
  text: string | undefined,
  { domain, app }: Pick<Answers, 'domain' | 'app'>,
): string {
  const document = parseDocument(text ?? HEAD);
  const before = document.toString();
  if (domain !== undefined) document.set('domain', domain);
  if (app !== undefined) list(document, app);
  // A file that says so already keeps its own layout.
  if (text !== undefined && document.toString() === before) return text;
  return document.toString({ lineWidth: 0, nullStr: '', flowCollectionPadding: false });
}

/** Who lists no app serves every name; who lists some, those. */
function list(document: Document, app: string): void {
  const apps = document.get('apps', true);
  if (isMap(apps)) {
    if (!apps.has(app)) apps.set(app, null);
    return;
  }
  const fresh = document.createNode({ [app]: null });
  // `apps:` without anything below may have a remark beside it.
  if (isScalar(apps) && apps.comment != null) fresh.commentBefore = apps.comment;
  document.set('apps', fresh);
}
