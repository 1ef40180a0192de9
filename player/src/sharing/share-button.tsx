import { Button } from '@walnut-live/ui';
import { Share2 } from 'lucide-react';
import { type ReactNode, useMemo, useState } from 'react';
import { LinkSheet } from './link-sheet.tsx';
import { useSharingT } from './messages.ts';
import type { Target } from './poster.tsx';

/** Opens my link to a product or a group, with its poster. */
export const ShareButton = ({
  kind,
  title,
  testId,
  ...rest
}: {
  kind: 'product' | 'group';
  title: string;
  testId: string;
} & Target): ReactNode => {
  const t = useSharingT();
  const [open, setOpen] = useState(false);
  const { roomId, productId, groupBuyId } = rest;
  const target = useMemo(
    () => ({
      ...(roomId === undefined ? {} : { roomId }),
      ...(productId === undefined ? {} : { productId }),
      ...(groupBuyId === undefined ? {} : { groupBuyId }),
    }),
    [roomId, productId, groupBuyId],
  );
  return (
    <>
      <Button
        variant="soft"
        icon={<Share2 size={16} aria-hidden="true" />}
        onClick={() => setOpen(true)}
        data-testid={testId}
      >
        {t(`share.${kind}`)}
      </Button>
      {open && (
        <LinkSheet open onClose={() => setOpen(false)} target={target} heading={t(`share.${kind}`)} title={title} />
      )}
    </>
  );
};
