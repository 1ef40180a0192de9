/** import-rules.ts as a lint plugin for oxlint: one rule for imports, one for the environment, one for purity. */
import { relative, sep } from 'node:path';
import { isPure, mayReadEnvironment, objection } from './import-rules.ts';

const ROOT = process.env.WALNUT_LINT_ROOT ?? process.cwd();
const RANDOM = new Set(['randomBytes', 'randomInt', 'randomUUID', 'randomFillSync', 'getRandomValues', 'webcrypto']);
const IMPURE_MEMBERS = new Set([
  'Date.now',
  'Math.random',
  'performance.now',
  'crypto.randomUUID',
  'crypto.getRandomValues',
  'process.env',
]);

/** The parts of the syntax tree and of the linter that the rules below look at. */
interface Node {
  type: string;
  source?: { value?: unknown } | null;
  specifiers?: { imported?: { name?: string } }[];
  object?: { type: string; name?: string };
  property?: { type: string; name?: string };
  callee?: { type: string; name?: string };
  arguments?: unknown[];
  computed?: boolean;
}
interface Context {
  filename: string;
  report(problem: { node: Node; message: string }): void;
}
const pathOf = (context: Context) => relative(ROOT, context.filename).split(sep).join('/');
const memberName = (node: Node) => (node.computed ? '' : `${node.object?.name ?? ''}.${node.property?.name ?? ''}`);

const boundaries = {
  create(context: Context) {
    const file = pathOf(context);
    const check = (node: Node) => {
      const specifier = node.source?.value;
      const reason = typeof specifier === 'string' ? objection(file, specifier) : undefined;
      if (reason) context.report({ node, message: reason });
    };
    return {
      ImportDeclaration: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      ImportExpression: check,
    };
  },
};

const environment = {
  create(context: Context) {
    if (mayReadEnvironment(pathOf(context))) return {};
    return {
      MemberExpression(node: Node) {
        if (memberName(node) !== 'process.env') return;
        context.report({ node, message: 'Only config.ts reads the environment; take what you need as an argument.' });
      },
    };
  },
};

const purity = {
  create(context: Context) {
    if (!isPure(pathOf(context))) return {};
    const message = 'Rules are pure: time and randomness are passed in.';
    return {
      MemberExpression(node: Node) {
        if (IMPURE_MEMBERS.has(memberName(node))) context.report({ node, message });
      },
      NewExpression(node: Node) {
        if (node.callee?.name === 'Date' && node.arguments?.length === 0) context.report({ node, message });
      },
      ImportDeclaration(node: Node) {
        const names = node.specifiers?.map((specifier) => specifier.imported?.name ?? '') ?? [];
        if (node.source?.value === 'node:crypto' && names.some((name) => RANDOM.has(name)))
          context.report({ node, message });
      },
    };
  },
};

export default { meta: { name: 'house' }, rules: { boundaries, environment, purity } };
