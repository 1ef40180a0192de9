import { ChevronRight, IdCard } from 'lucide-react';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { useWhomT } from './messages.ts';
import './whom.css';

/** From today to the guide's own page. */
export const PersonaLink = (): ReactNode => {
  const t = useWhomT();
  return (
    <Link to="/persona" className="st-persona-link" data-testid="to-my-persona">
      <IdCard aria-hidden="true" />
      {t('me.open')}
      <ChevronRight aria-hidden="true" />
    </Link>
  );
};
