import './qr.css';
import encodeQR from 'qr';

/** Empty modules around it: what readers need to find it (ISO/IEC 18004 §5.3.8). */
const BORDER = 4;

/** A QR code of a text, such as a link for a phone. It stays dark on light in both schemes: some readers know nothing else. */
export function Qr({ text, label }: { readonly text: string; readonly label: string }) {
  const rows = encodeQR(text, 'raw', { border: BORDER });
  const path = rows.flatMap((row, y) =>
    row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])),
  );
  return (
    <svg
      class="ui-qr"
      viewBox={`0 0 ${rows.length} ${rows.length}`}
      role="img"
      aria-label={label}
      shape-rendering="crispEdges"
    >
      <path d={path.join('')} />
    </svg>
  );
}
