import { type FilePurpose, PICTURE_BYTES, pictureTypes, uploadFile } from '@walnut-live/contracts';
import { ApiError } from '@walnut-live/live-client/http';
import { Button, useErrorText, useToast } from '@walnut-live/ui';
import { type ReactNode, useRef, useState } from 'react';
import { useServices } from '../app/services.tsx';

/** Chooses and uploads a picture; tells its id. */
export const PictureField = ({
  purpose,
  label,
  onUploaded,
  testId,
}: {
  purpose: FilePurpose;
  label: string;
  onUploaded: (id: string) => void;
  testId: string;
}): ReactNode => {
  const { api } = useServices();
  const toast = useToast();
  const errorText = useErrorText();
  const input = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(false);
  const upload = async (file: File | undefined): Promise<void> => {
    if (!file || busy) return;
    setBusy(true);
    try {
      if (file.size > PICTURE_BYTES) throw new ApiError({ code: 'body_too_large', status: 413 });
      const name = file.name.slice(-80) || 'picture';
      const { id } = await api.call(uploadFile, { query: { purpose, name }, file });
      onUploaded(id);
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    } finally {
      setBusy(false);
      if (input.current) input.current.value = '';
    }
  };
  return (
    <>
      <input
        ref={input}
        type="file"
        hidden
        accept={pictureTypes.join(',')}
        data-testid={testId}
        onChange={(event) => void upload(event.target.files?.[0])}
      />
      <Button type="button" variant="soft" loading={busy} onClick={() => input.current?.click()}>
        {label}
      </Button>
    </>
  );
};
