/**
 * Copies text. Over plain HTTP there is no clipboard to write to: then the old command copies it out of a field that nobody sees.
 * @returns whether it did
 */
export async function copyText(text: string): Promise<boolean> {
  if (navigator.clipboard !== undefined) {
    return navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    );
  }
  const focused = document.activeElement;
  // Inside of an open dialog, since nothing outside of it can be selected meanwhile.
  const place = focused?.closest('dialog') ?? document.body;
  const field = document.createElement('textarea');
  field.className = 'for-readers';
  field.value = text;
  place.append(field);
  field.select();
  const isCopied = document.execCommand('copy');
  field.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return isCopied;
}
