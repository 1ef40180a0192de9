// @vitest-environment jsdom
import axe from 'axe-core';
import { act, type ReactNode, useState } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  Avatar,
  Badge,
  BrandMark,
  Button,
  Countdown,
  Dialog,
  EmptyState,
  ErrorState,
  IconButton,
  initialsOf,
  LiveBadge,
  NamePlate,
  Picture,
  Pictures,
  Price,
  QrCode,
  QuantityStepper,
  Sheet,
  Skeleton,
  Spinner,
  StaleBadge,
  UiProvider,
  useBackGesture,
  useConfirm,
  useNow,
  useToast,
} from '../index.ts';
import { Illustration, illustrationNames } from './illustrations.tsx';

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

let root: Root;
let host: HTMLElement;
let drift = 0;

beforeEach(() => {
  document.documentElement.lang = 'zh-CN';
  document.title = 'controls';
  history.pushState(null, '');
  host = document.body.appendChild(document.createElement('main'));
  root = createRoot(host);
});

afterEach(async () => {
  await act(async () => root.unmount());
  document.body.replaceChildren();
  vi.useRealTimers();
});

const render = (node: ReactNode): Promise<void> =>
  act(async () => root.render(<UiProvider locale="zh-CN">{node}</UiProvider>));

const $ = <Found extends Element = HTMLElement>(selector: string): Found => {
  const found = document.querySelector<Found>(selector);
  if (!found) throw new Error(`nothing matches ${selector}`);
  return found;
};

const press = (element: HTMLElement): Promise<void> => act(async () => element.click());

const icon = <svg aria-hidden="true" />;

/** Rules that need layout cannot run in jsdom; contrast is covered by tokens.test.ts. */
const axeProblems = async (): Promise<string[]> => {
  const { violations } = await axe.run(document.body, { rules: { 'color-contrast': { enabled: false } } });
  return violations.map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.html).join(' ')}`);
};

const StepperProbe = (): ReactNode => {
  const [value, setValue] = useState(1);
  return <QuantityStepper value={value} max={2} onChange={setValue} />;
};

const DriftingClock = (): ReactNode => {
  drift += 0.37;
  return <output>{useNow(1000, drift)}</output>;
};

const SheetProbe = ({ onClosed }: { onClosed?: () => void }): ReactNode => {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" id="opener" onClick={() => setOpen(true)}>
        打开
      </button>
      <Sheet
        open={open}
        onClose={() => {
          setOpen(false);
          onClosed?.();
        }}
        title="购物袋"
      >
        内容
      </Sheet>
    </>
  );
};

const BackProbe = ({ onBack }: { onBack: () => void }): ReactNode => {
  useBackGesture(true, onBack);
  return null;
};

const ToastProbe = ({ onUndo }: { onUndo: () => void }): ReactNode => {
  const toast = useToast();
  return (
    <Sheet open onClose={() => undefined} title="购物袋">
      <button
        type="button"
        id="pin"
        onClick={() => toast('已讲解', { tone: 'success', action: { label: '撤销', onPress: onUndo } })}
      >
        讲解
      </button>
    </Sheet>
  );
};

const ConfirmProbe = ({ onAnswer }: { onAnswer: (yes: boolean) => void }): ReactNode => {
  const confirm = useConfirm();
  return (
    <button type="button" id="end" onClick={() => void confirm({ title: '结束直播？', tone: 'danger' }).then(onAnswer)}>
      结束
    </button>
  );
};

describe('every control is accessible (axe)', () => {
  const cases: Record<string, ReactNode> = {
    Button: <Button>开播</Button>,
    'Button, busy': <Button loading>开播</Button>,
    IconButton: <IconButton label="购物袋" icon={icon} count={3} />,
    Avatar: <Avatar name="王小满" decorative={false} />,
    Price: <Price fen={6990} struckFen={8990} />,
    Countdown: <Countdown until={Date.now() + 60_000} />,
    LiveBadge: <LiveBadge />,
    Badge: <Badge tone="warn">预售</Badge>,
    StaleBadge: <StaleBadge updatedAt={Date.now() - 60_000} />,
    BrandMark: <BrandMark label="核桃直播" />,
    Skeleton: <Skeleton lines={3} />,
    Spinner: <Spinner />,
    EmptyState: <EmptyState title="还没有订单" hint="下单后在这里查看" action={<Button>去看看</Button>} />,
    ErrorState: <ErrorState error={{ code: 'internal', requestId: 'r-1' }} onRetry={() => undefined} />,
    QuantityStepper: <QuantityStepper value={2} max={2} onChange={() => undefined} />,
    Pictures: (
      <Pictures guides={2}>
        <Picture waiting="正在连线…">
          <NamePlate name="林晓禾 · 杭州湖滨店" />
        </Picture>
        <Picture>
          <NamePlate name="沈若溪 · 上海静安店" muted />
        </Picture>
      </Pictures>
    ),
    QrCode: <QrCode text="https://example.com/s/abc" />,
    Illustrations: illustrationNames.map((name) => <Illustration key={name} name={name} />),
    Sheet: (
      <Sheet open onClose={() => undefined} title="购物袋" footer={<Button>去结算</Button>}>
        内容
      </Sheet>
    ),
    Dialog: (
      <Dialog open onClose={() => undefined} title="结束直播？" footer={<Button>结束</Button>}>
        观众将看到直播已结束
      </Dialog>
    ),
  };
  it.each(Object.entries(cases))('%s', async (_, node) => {
    await render(<h1>页面</h1>);
    await render(
      <>
        <h1>页面</h1>
        {node}
      </>,
    );
    // The QR encoder is loaded when the first code is shown.
    await act(async () => void (await import('qrcode')));
    expect(await axeProblems()).toEqual([]);
  });
});

describe('Button', () => {
  it('ignores clicks while loading but keeps the focus', async () => {
    const onClick = vi.fn();
    await render(
      <Button loading onClick={onClick}>
        支付
      </Button>,
    );
    $('button').focus();
    await press($('button'));
    expect(onClick).not.toHaveBeenCalled();
    expect(document.activeElement).toBe($('button'));
    await render(<Button onClick={onClick}>支付</Button>);
    await press($('button'));
    expect(onClick).toHaveBeenCalledOnce();
  });
});

describe('Price', () => {
  it('is read as one amount, and hides an earlier price that is not higher', async () => {
    await render(<Price fen={123450} struckFen={123450} />);
    expect($('.wl-visually-hidden').textContent).toBe('¥1,234.50');
    expect(document.querySelector('s')).toBeNull();
    await render(<Price fen={9900} struckFen={12900} />);
    expect(host.textContent).toContain('现价 ¥99.00');
    expect(host.textContent).toContain('原价 ¥129.00');
    expect($('.wl-price-now').textContent).toBe('¥99');
  });
});

describe('Countdown', () => {
  it('runs on server time and ends once', async () => {
    vi.useFakeTimers({ now: 1_000_000 });
    const onEnd = vi.fn();
    // The device is 10 s behind the server: only 2 s are left, not 12.
    await render(<Countdown until={1_012_000} serverOffsetMs={10_000} onEnd={onEnd} />);
    expect(host.textContent).toContain('00:00:02');
    await act(async () => vi.advanceTimersByTime(2_500));
    expect(host.textContent).toContain('已结束');
    await act(async () => vi.advanceTimersByTime(3_000));
    expect(onEnd).toHaveBeenCalledOnce();
  });
});

describe('useNow', () => {
  it('takes an offset that is measured anew at every render', async () => {
    vi.useFakeTimers({ now: 1_000_000 });
    await render(<DriftingClock />);
    expect(Number($('output').textContent)).toBeGreaterThan(1_000_000);
    await act(async () => vi.advanceTimersByTime(3_100));
    expect(Number($('output').textContent)).toBeGreaterThan(1_003_000);
  });
});

describe('QuantityStepper', () => {
  it('stays within its limits and says the limit', async () => {
    await render(<StepperProbe />);
    const [less, more] = [...document.querySelectorAll('button')] as [HTMLButtonElement, HTMLButtonElement];
    expect(less.disabled).toBe(true);
    await press(more);
    expect($('output').textContent).toBe('2');
    expect(more.disabled).toBe(true);
    expect(host.textContent).toContain('最多 2 件');
  });
});

describe('Sheet', () => {
  it('opens modally, closes on Esc and gives the focus back', async () => {
    await render(<SheetProbe />);
    $('#opener').focus();
    await press($('#opener'));
    const dialog = $<HTMLDialogElement>('dialog.wl-sheet');
    expect(dialog.open).toBe(true);
    expect(dialog.textContent).toContain('内容');
    await act(async () => dialog.dispatchEvent(new Event('cancel', { cancelable: true })));
    expect(dialog.open).toBe(false);
    expect(dialog.textContent).toBe('');
    expect(document.activeElement).toBe($('#opener'));
  });

  it('closes on the back gesture and leaves the page where it was', async () => {
    const onClosed = vi.fn();
    await render(<SheetProbe onClosed={onClosed} />);
    await press($('#opener'));
    await vi.waitFor(() => expect(history.state?.walnutDepth).toBe(1));
    await act(async () => {
      const popped = new Promise((resolve) => addEventListener('popstate', resolve, { once: true }));
      history.back();
      await popped;
    });
    expect(onClosed).toHaveBeenCalledOnce();
    expect($<HTMLDialogElement>('dialog.wl-sheet').open).toBe(false);
    expect(history.state?.walnutDepth).toBeUndefined();
  });
});

describe('a link inside a sheet', () => {
  it('leaves no step behind that a later back gesture would be lost on', async () => {
    const onClosed = vi.fn();
    const back = () =>
      act(async () => {
        const popped = new Promise((resolve) => addEventListener('popstate', resolve, { once: true }));
        history.back();
        await popped;
      });
    await render(<SheetProbe onClosed={onClosed} />);
    await press($('#opener'));
    await vi.waitFor(() => expect(history.state?.walnutDepth).toBe(1));
    // The router goes to another page, the sheet with its page is no more; then back.
    history.pushState(null, '');
    await render(null);
    await act(async () => new Promise((resolve) => setTimeout(resolve, 5)));
    await render(<SheetProbe onClosed={onClosed} />);
    await back();
    await vi.waitFor(() => expect(history.state?.walnutDepth).toBeUndefined());
    await press($('#opener'));
    await vi.waitFor(() => expect(history.state?.walnutDepth).toBe(1));
    await back();
    expect($<HTMLDialogElement>('dialog.wl-sheet').open).toBe(false);
    expect(onClosed).toHaveBeenCalledOnce();
  });
});

describe('useBackGesture', () => {
  it('works again after a reload that kept the history entry', async () => {
    history.pushState({ walnutDepth: 1 }, '');
    const onBack = vi.fn();
    await act(async () => root.unmount());
    root = createRoot(host);
    await render(<BackProbe onBack={onBack} />);
    await act(async () => {
      const popped = new Promise((resolve) => addEventListener('popstate', resolve, { once: true }));
      history.back();
      await popped;
    });
    expect(onBack).toHaveBeenCalledOnce();
    // It asked instead of going, so the next gesture has to be caught as well.
    await vi.waitFor(() => expect(history.state?.walnutDepth).toBe(1));
  });
});

describe('toast and confirm', () => {
  it('shows toasts inside the open sheet, where they can be heard and pressed', async () => {
    const onUndo = vi.fn();
    await render(<ToastProbe onUndo={onUndo} />);
    await press($('#pin'));
    await press($('dialog.wl-sheet .wl-toast-action'));
    expect(onUndo).toHaveBeenCalledOnce();
    expect(document.querySelector('.wl-toast')).toBeNull();
  });

  it('answers a question', async () => {
    const answers: boolean[] = [];
    await render(<ConfirmProbe onAnswer={(yes) => answers.push(yes)} />);
    await press($('#end'));
    expect($('dialog.wl-dialog').getAttribute('role')).toBe('alertdialog');
    await press($('.wl-btn-danger'));
    await press($('#end'));
    await act(async () => $('dialog.wl-dialog').dispatchEvent(new Event('cancel', { cancelable: true })));
    expect(answers).toEqual([true, false]);
  });
});

describe('Avatar', () => {
  it.each([
    ['王小满', '满'],
    ['核桃（杭州店）', '店'],
    ['Ada Lovelace', 'AL'],
    ['guest_42', 'G4'],
    ['', '·'],
  ])('%s → %s', (name, initials) => {
    expect(initialsOf(name)).toBe(initials);
  });
});
