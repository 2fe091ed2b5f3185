import './plan.css';
import { Activity } from 'lucide';
import { useEffect, useState } from 'preact/hooks';
import type { StreamsResponse } from '../../../src/api/streams.ts';
import { measure } from '../../../src/planner/measure.ts';
import { api } from '../../parts/api.ts';
import { Button } from '../../ui/button.tsx';
import { toast } from '../../ui/toasts.tsx';
import { type Form, formOf, queryOf, withMeasurement } from './form.ts';
import { PlanForm } from './plan-form.tsx';
import { Result } from './result.tsx';

/** What is typed on one side, what comes of it on the other. */
export function Planner({
  search,
  maySeeLive,
}: {
  readonly search: string;
  readonly maySeeLive: boolean;
}) {
  const [form, setForm] = useState<Form>(() => formOf(search));
  useEffect(() => history.replaceState(null, '', `/plan${queryOf(form)}`), [form]);
  const measureNow = async () => {
    const answer = await api.get<StreamsResponse>('/streams');
    if (!answer.ok) return toast(answer.message, 'error');
    const measured = measure(answer.value.streams);
    if (measured === undefined) return toast('Nothing is live now.', 'information');
    setForm(withMeasurement(form, measured));
    toast('Taken from what is live now.');
  };
  return (
    <div class="plan">
      <div class="plan-form">
        {maySeeLive && (
          <div class="ui-buttons">
            <Button icon={Activity} onClick={() => void measureNow()}>
              Take what is live now
            </Button>
          </div>
        )}
        <PlanForm form={form} onChange={setForm} />
      </div>
      <Result form={form} />
    </div>
  );
}
