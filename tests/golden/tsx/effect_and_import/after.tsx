import * as React from "react";
import { cx } from "../cx";
import { useHotkey } from "../hooks/useHotkey";
import { useToggle } from "../hooks/useToggle";
import type { Member, Role } from "../types";

interface MemberCardProps {
  member: Member;
  selected?: boolean;
  onRemove?: (member: Member) => void;
  onRoleChange?: (member: Member, role: Role) => void;
}

const ROLES: Role[] = ["viewer", "editor", "owner"];

function Avatar({ member }: { member: Member }) {
  if (member.avatarUrl) {
    return <img className="avatar" src={member.avatarUrl} alt="" />;
  }
  return <span className="avatar">{member.name.slice(0, 2)}</span>;
}

export function MemberCard({
  member,
  selected = false,
  onRemove,
  onRoleChange,
}: MemberCardProps) {
  const [open, toggle] = useToggle(false);

  useHotkey("Escape", toggle, { enabled: open });

  const handleRemove = React.useCallback(() => {
    onRemove?.(member);
  }, [member, onRemove]);

  const handleRole = React.useCallback(
    (event: React.ChangeEvent<HTMLSelectElement>) => {
      onRoleChange?.(member, event.target.value as Role);
    },
    [member, onRoleChange],
  );

  return (
    <article className={cx("card", selected && "card--selected")}>
      <header className="card__head" onClick={toggle}>
        <Avatar member={member} />
        <h3>{member.name}</h3>
      </header>
      {open && (
        <div className="card__body">
          <p>{member.email}</p>
          <select value={member.role} onChange={handleRole}>
            {ROLES.map((role) => (
              <option key={role} value={role}>
                {role}
              </option>
            ))}
          </select>
          <button type="button" onClick={handleRemove}>
            Remove
          </button>
        </div>
      )}
    </article>
  );
}

export function MemberList({ members }: { members: Member[] }) {
  return (
    <div className="member-list">
      {members.map((member) => (
        <MemberCard key={member.id} member={member} />
      ))}
    </div>
  );
}
