export function MemberList({ members }: { members: Member[] }) {
  const [query, setQuery] = React.useState("");
  const shown = members.filter((member) =>
    member.name.toLowerCase().includes(query.toLowerCase()),
  );

  if (members.length === 0) {
    return <p className="member-list member-list--empty">Nobody here yet.</p>;
  }

  return (
    <div className="member-list">
      <input
        type="search"
        value={query}
        onChange={(event) => setQuery(event.target.value)}
      />
      {shown.map((member) => (
        <MemberCard key={member.id} member={member} />
      ))}
    </div>
  );
}
