import { useState } from 'preact/hooks';
import type { AppInfo } from '../../../../src/api/access.ts';
import { api, part } from '../../../parts/api.ts';
import { Button } from '../../../ui/button.tsx';
import { Field, Group, Select, Switch, TextArea } from '../../../ui/field.tsx';
import { FormDialog } from '../../../ui/form-dialog.tsx';
import { Tabs } from '../../../ui/tabs.tsx';
import { toast } from '../../../ui/toasts.tsx';
import {
  changesIn,
  GROUPS,
  type Setting,
  type SettingGroup,
  sayMistake,
  typedValue,
  type Values,
} from './settings.ts';
import { ViewersPassword } from './viewers-password.tsx';

/** All settings of an app; what is changed is sent together. */
export function AppSettings({
  app,
  onClose,
  onSaved,
}: {
  readonly app: AppInfo;
  readonly onClose: () => void;
  readonly onSaved: () => void;
}) {
  const { name } = app;
  const [values, setValues] = useState<Values>(app.settings);
  /** Undefined: as it is; null: none. */
  const [password, setPassword] = useState<string | null | undefined>(undefined);
  const [tab, setTab] = useState<SettingGroup['id']>('publish');
  const save = async () => {
    const settings = changesIn(app.settings, values);
    const noNumber = Object.values(settings).some((value) => Number.isNaN(value));
    if (noNumber) return 'A number is missing: write 0 for none.';
    if (Object.keys(settings).length === 0 && password === undefined) {
      onClose();
      return undefined;
    }
    const change = { settings, ...(password !== undefined && { password }) };
    const answer = await api.patch(`/apps/${part(name)}`, change);
    if (!answer.ok) return sayMistake(answer.message);
    toast(`Changed ${name}. It holds for whoever comes from now on.`);
    onSaved();
    return undefined;
  };
  const viewPassword = (
    <ViewersPassword hasOne={app.hasPassword} value={password} onChange={setPassword} />
  );
  return (
    <FormDialog
      title={`Settings of ${name}`}
      submit="Save the changes"
      onSubmit={save}
      onClose={onClose}
      wide
    >
      <Tabs
        label="Settings"
        selected={tab}
        onSelect={setTab}
        tabs={GROUPS.map((group) => ({
          id: group.id,
          label: group.title,
          content: () => (
            <div class="manage-stack">
              {group.lead && <p class="soft">{group.lead}</p>}
              {group.settings.map((setting) => (
                <OneSetting
                  key={setting.key}
                  setting={setting}
                  app={app}
                  value={values[setting.key]}
                  onChange={(value) => setValues({ ...values, [setting.key]: value })}
                  onTakenBack={onSaved}
                />
              ))}
              {group.id === 'watch' && viewPassword}
            </div>
          ),
        }))}
      />
    </FormDialog>
  );
}

type OneProps = {
  readonly setting: Setting;
  readonly value: unknown;
  readonly onChange: (value: unknown) => void;
};

function OneSetting({
  app,
  onTakenBack,
  ...rest
}: OneProps & { readonly app: AppInfo; readonly onTakenBack: () => void }) {
  const { key, label } = rest.setting;
  const isChanged = Object.hasOwn(app.changed, key);
  const takeBack = async () => {
    const answer = await api.patch(`/apps/${part(app.name)}`, { settings: { [key]: null } });
    toast(
      answer.ok ? `“${label}” is as configured again.` : answer.message,
      answer.ok ? 'good' : 'error',
    );
    if (answer.ok) onTakenBack();
  };
  return (
    <div class="manage-setting">
      <ControlFor {...rest} />
      {isChanged && (
        <Button kind="quiet" onClick={() => void takeBack()} label={`As configured: ${label}`}>
          As configured
        </Button>
      )}
    </div>
  );
}

function ControlFor({ setting, value, onChange }: OneProps) {
  const { label, help, control } = setting;
  switch (control.kind) {
    case 'choice':
      return (
        <Select
          label={label}
          help={help}
          value={String(value)}
          options={control.options}
          onChange={onChange}
        />
      );
    case 'flag':
      return <Switch label={label} help={help} checked={value === true} onChange={onChange} />;
    case 'words':
      return <Words setting={setting} value={value} onChange={onChange} />;
    case 'lines':
      return <Lines setting={setting} value={value} onChange={onChange} />;
    case 'number':
      return (
        <Field
          {...{ label, help }}
          type="number"
          min={0}
          max={control.max}
          value={Number.isNaN(value) ? '' : String(value)}
          onInput={(typed) => onChange(typedValue(control, typed))}
        />
      );
    case 'text':
      return (
        <Field
          {...{ label, help }}
          placeholder={control.placeholder}
          value={String(value)}
          onInput={(typed) => onChange(typedValue(control, typed))}
        />
      );
    default:
      return control satisfies never;
  }
}

/** Several of a few words. */
function Words({ setting, value, onChange }: OneProps) {
  const { label, help, control } = setting;
  if (control.kind !== 'words') return null;
  const chosen = value as readonly string[];
  // In the order of the configuration, whatever is pressed first.
  const turn = (word: string, isOn: boolean) =>
    onChange(
      control.options
        .map((option) => option.value)
        .filter((one) => (one === word ? isOn : chosen.includes(one))),
    );
  return (
    <Group title={label}>
      <p class="small soft">{help}</p>
      <div class="manage-choices">
        {control.options.map((option) => (
          <Switch
            key={option.value}
            label={option.label}
            checked={chosen.includes(option.value)}
            onChange={(isOn) => turn(option.value, isOn)}
          />
        ))}
      </div>
    </Group>
  );
}

/** The text stays as it is typed: a line that is not done yet is no mistake. */
function Lines({ setting, value, onChange }: OneProps) {
  const { label, help, control } = setting;
  const [text, setText] = useState((value as readonly string[]).join('\n'));
  return (
    <TextArea
      {...{ label, help }}
      rows={3}
      value={text}
      onInput={(typed) => {
        setText(typed);
        onChange(typedValue(control, typed));
      }}
    />
  );
}
