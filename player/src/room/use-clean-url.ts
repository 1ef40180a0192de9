import { useEffect } from 'react';
import { useNavigate } from 'react-router';

/**
 * Marks a share redirect may leave in the address; the touch is recorded by then, and nobody should copy them on. The product is
 * read before (use-linked-product.ts): a reload later on is to show the room, not the same sheet again.
 */
const marks = ['via', 'product'];

/** Takes the redirect's marks out of the address without a new history entry. */
export const useCleanUrl = (): void => {
  const navigate = useNavigate();
  useEffect(() => {
    const url = new URL(location.href);
    const found = marks.filter((mark) => url.searchParams.has(mark));
    if (found.length === 0) return;
    for (const mark of found) url.searchParams.delete(mark);
    void navigate(`${url.pathname}${url.search}${url.hash}`, { replace: true });
  }, [navigate]);
};
