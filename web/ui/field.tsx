import './field.css';
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

/** What all fields share: words above, help and what is wrong below. */
export function FieldFrame({
  label,
  help,
  error,
  children,
}: {
  readonly label: string;
  readonly help?: ComponentChildren;
  readonly error?: string | undefined;
  readonly children: (ids: {
    readonly id: string;
    readonly describedBy: string | undefined;
  }) => ComponentChildren;
}) {
  const id = useId();
  const described = [help && `${id}-help`, error && `${id}-error`].filter(Boolean).join(' ');
  return (
    <div class="ui-field">
      <label for={id}>{label}</label>
      {children({ id, describedBy: described || undefined })}
      {help && (
        <p class="small soft" id={`${id}-help`}>
          {help}
        </p>
      )}
      {error && (
        <p class="small ui-field-error" id={`${id}-error`} role="alert">
          {error}
        </p>
      )}
    </div>
  );
}

type InputType = 'text' | 'password' | 'url' | 'number' | 'search' | 'datetime-local';

export type FieldProps = {
  readonly label: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly type?: InputType;
  readonly help?: ComponentChildren;
  /** What is wrong with it, and what to do. */
  readonly error?: string | undefined;
  readonly placeholder?: string;
  readonly autocomplete?: string;
  readonly inputMode?: 'numeric' | 'decimal' | 'url' | 'text';
  readonly maxLength?: number;
  readonly min?: number;
  readonly max?: number;
  readonly step?: number;
  readonly required?: boolean;
  readonly disabled?: boolean;
  /** Gets the focus when it appears, as the first field of a dialog. */
  readonly focused?: boolean;
  /** For names, addresses, codes. */
  readonly mono?: boolean;
  readonly name?: string;
};

/** A line of text. Give secrets `type="password"`. */
export function Field(props: FieldProps) {
  const { label, help, error, mono, focused, onInput, type = 'text', ...input } = props;
  return (
    <FieldFrame label={label} help={help} error={error}>
      {({ id, describedBy }) => (
        <input
          {...input}
          type={type as 'text'} // the types know each kind of input apart; here they are alike
          id={id}
          ref={focused ? focus : null}
          class={mono ? 'field ui-field-mono' : 'field'}
          autocomplete={input.autocomplete ?? 'off'}
          autocapitalize="off"
          spellcheck={false}
          aria-invalid={error !== undefined}
          aria-describedby={describedBy}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
      )}
    </FieldFrame>
  );
}

export type TextAreaProps = {
  readonly label: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly help?: ComponentChildren;
  readonly error?: string | undefined;
  readonly rows?: number;
  readonly maxLength?: number;
};

/** Several lines. */
export function TextArea({ label, help, error, onInput, rows = 4, ...input }: TextAreaProps) {
  return (
    <FieldFrame label={label} help={help} error={error}>
      {({ id, describedBy }) => (
        <textarea
          {...input}
          id={id}
          rows={rows}
          class="field ui-field-lines"
          aria-invalid={error !== undefined}
          aria-describedby={describedBy}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
      )}
    </FieldFrame>
  );
}

export type SelectOption<Value extends string> = {
  readonly value: Value;
  readonly label: string;
  readonly disabled?: boolean;
};
export type SelectProps<Value extends string> = {
  readonly label: string;
  readonly value: Value;
  readonly options: readonly SelectOption<Value>[];
  readonly onChange: (value: Value) => void;
  readonly help?: ComponentChildren;
  readonly error?: string | undefined;
  readonly disabled?: boolean;
};

/** One of a few: the browser's own list, which every phone and screen reader knows. */
export function Select<Value extends string>(props: SelectProps<Value>) {
  const { label, value, options, onChange, help, error, disabled } = props;
  return (
    <FieldFrame label={label} help={help} error={error}>
      {({ id, describedBy }) => (
        <select
          id={id}
          class="field ui-select"
          value={value}
          disabled={disabled}
          aria-describedby={describedBy}
          onChange={(event) => onChange(event.currentTarget.value as Value)}
        >
          {options.map((option) => (
            <option
              key={option.value}
              value={option.value}
              disabled={option.disabled}
              selected={option.value === value}
            >
              {option.label}
            </option>
          ))}
        </select>
      )}
    </FieldFrame>
  );
}

/** On or off, at once. */
export function Switch({
  label,
  checked,
  onChange,
  help,
  disabled,
}: {
  readonly label: string;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  readonly help?: ComponentChildren;
  readonly disabled?: boolean;
}) {
  const id = useId();
  return (
    <div class="ui-switch">
      <input
        id={id}
        type="checkbox"
        role="switch"
        checked={checked}
        aria-checked={checked}
        disabled={disabled}
        aria-describedby={help === undefined ? undefined : `${id}-help`}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <div>
        <label for={id}>{label}</label>
        {help && (
          <p class="small soft" id={`${id}-help`}>
            {help}
          </p>
        )}
      </div>
    </div>
  );
}

/** Several of a few: `children` are switches or fields that belong together. */
export function Group({
  title,
  children,
}: {
  readonly title: string;
  readonly children: ComponentChildren;
}) {
  return (
    <fieldset class="ui-group">
      <legend>{title}</legend>
      {children}
    </fieldset>
  );
}

function focus(input: HTMLInputElement | null): void {
  if (input === null) return;
  // A dialog that opens later gives the focus to what says this, else to its first button.
  input.autofocus = true;
  input.focus();
}
