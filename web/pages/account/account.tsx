import './account.css';
import type { AccountInfo } from '../../../src/api/account.ts';
import { api } from '../../parts/api.ts';
import { Loaded, useAnswer } from '../../ui/use-answer.tsx';
import { OwnPassword } from './own-password.tsx';
import { SecondFactor } from './second-factor.tsx';
import { SignIns } from './sign-ins.tsx';

/** All that people can change of their own account; names and roles are the owner's to give. */
export function Account() {
  const asked = useAnswer(() => api.get<AccountInfo>('/account'));
  return (
    <div class="account">
      <Loaded asked={asked}>
        {(account) => (
          <>
            <OwnPassword name={account.name} onChange={asked.reload} />
            <SecondFactor isOn={account.hasSecondFactor} onChange={asked.reload} />
            <SignIns sessions={account.sessions} onChange={asked.reload} />
          </>
        )}
      </Loaded>
    </div>
  );
}
