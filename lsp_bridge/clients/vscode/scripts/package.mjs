// Makes fastapply-VERSION.vsix, which `code --install-extension` takes, of what `build` made. vsce is not asked: it
// brings some hundred packages, for a registry that this extension isn't in.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { zip } from "./zip.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (name) => readFileSync(join(root, name), "utf8");
const about = JSON.parse(read("package.json"));
if (!existsSync(join(root, "dist/extension.js"))) throw new Error("Nothing is built yet: npm run build");

const files = [
  ["extension.vsixmanifest", manifest()],
  ["[Content_Types].xml", contentTypes(["json", "js", "md", "txt", "vsixmanifest"])],
  ["extension/package.json", JSON.stringify(published(), null, 2)],
  ["extension/readme.md", read("README.md")],
  ["extension/LICENSE.txt", read("../../../LICENSE")],
  ["extension/THIRD_PARTY.txt", read("dist/THIRD_PARTY.txt")],
  ["extension/dist/extension.js", read("dist/extension.js")],
];
const name = `${about.name}-${about.version}.vsix`;
const archive = zip(files);
writeFileSync(join(root, name), archive);
console.log(`${name}: ${files.length} files, ${Math.ceil(archive.length / 1024)} KiB`);

/** The manifest without what is only for building. */
function published() {
  const { scripts, dependencies, devDependencies, private: _, ...rest } = about;
  return rest;
}

function manifest() {
  const properties = {
    Engine: about.engines.vscode,
    ExtensionDependencies: "",
    ExtensionPack: "",
    ExtensionKind: about.extensionKind.join(","),
    LocalizedLanguages: "",
    ExecutesCode: "true",
  };
  const assets = {
    "Microsoft.VisualStudio.Code.Manifest": "package.json",
    "Microsoft.VisualStudio.Services.Content.Details": "readme.md",
    "Microsoft.VisualStudio.Services.Content.License": "LICENSE.txt",
  };
  return `<?xml version="1.0" encoding="utf-8"?>
<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011">
  <Metadata>
    <Identity Language="en-US" Id="${xml(about.name)}" Version="${xml(about.version)}" Publisher="${xml(about.publisher)}" />
    <DisplayName>${xml(about.displayName)}</DisplayName>
    <Description xml:space="preserve">${xml(about.description)}</Description>
    <Tags>${xml(about.keywords.join(","))}</Tags>
    <Categories>${xml(about.categories.join(","))}</Categories>
    <GalleryFlags>Public</GalleryFlags>
    <Properties>
${listed(properties, (id, value) => `<Property Id="Microsoft.VisualStudio.Code.${id}" Value="${xml(value)}" />`)}
    </Properties>
    <License>extension/LICENSE.txt</License>
  </Metadata>
  <Installation>
    <InstallationTarget Id="Microsoft.VisualStudio.Code" />
  </Installation>
  <Dependencies />
  <Assets>
${listed(assets, (type, path) => `<Asset Type="${type}" Path="extension/${path}" Addressable="true" />`)}
  </Assets>
</PackageManifest>
`;
}

function contentTypes(endings) {
  const types = { json: "application/json", js: "application/javascript", md: "text/markdown", txt: "text/plain" };
  const lines = endings.map((one) => `  <Default Extension=".${one}" ContentType="${types[one] ?? "text/xml"}" />`);
  return `<?xml version="1.0" encoding="utf-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
${lines.join("\n")}
</Types>
`;
}

function listed(entries, line) {
  return Object.entries(entries).map(([key, value]) => `      ${line(key, value)}`).join("\n");
}

function xml(text) {
  return text.replace(/[&<>"]/g, (one) => `&#${one.codePointAt(0)};`);
}
