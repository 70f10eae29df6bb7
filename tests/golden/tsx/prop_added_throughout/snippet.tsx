// ... existing code ...

interface MemberCardProps {
  member: Member;
  selected?: boolean;
  disabled?: boolean;
  // ... rest of the props ...
}

// ... existing code ...

export function MemberCard({
  member,
  selected = false,
  disabled = false,
  // ... existing props ...
}: MemberCardProps) {
  // ... existing code ...
          <button type="button" disabled={disabled} onClick={handleRemove}>
            Remove
          </button>
  // ... existing code ...
}

// ... existing code ...
