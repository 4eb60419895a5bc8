// Which room of the floor plan uses which, read from a compiled assembly and its symbols.
// Used by RoomTests.
using System.Text.RegularExpressions;
using Mono.Cecil;

namespace Refold.Architecture;

/// <summary>The rooms of one project: a type belongs to the folder of the file that its code lies in.</summary>
internal sealed partial class CompiledRooms : IDisposable
{
    private readonly ModuleDefinition module;
    private readonly string project;
    private readonly Dictionary<string, string> declared = new(StringComparer.Ordinal);
    private readonly Dictionary<TypeDefinition, string?> known = [];

    /// <param name="assembly">The assembly's name; its symbols lie beside it.</param>
    /// <param name="project">The project's folder, from the repository's root.</param>
    public CompiledRooms(string assembly, string project)
    {
        this.project = Path.Combine(Repository.Root, project);
        module = ModuleDefinition.ReadModule(
            Path.Combine(AppContext.BaseDirectory, assembly + ".dll"), new ReaderParameters { ReadSymbols = true });
        foreach (var file in Directory.EnumerateFiles(this.project, "*.*", SearchOption.AllDirectories))
        {
            if (Path.GetExtension(file) is not (".cs" or ".fs") || RoomOf(file) is not { } room) continue;
            foreach (Match match in Declaration().Matches(File.ReadAllText(file)))
                declared.TryAdd(match.Groups[1].Value, room);
        }
    }

    /// <summary>Each pair of rooms of which the first uses the second, with an example.</summary>
    public IReadOnlyDictionary<(string From, string To), string> Arrows()
    {
        var arrows = new Dictionary<(string, string), string>();
        foreach (var type in module.GetTypes())
        {
            if (RoomOf(type) is not { } from) continue;
            foreach (var used in Used(type))
            {
                if (RoomOf(used) is { } to && to != from)
                    arrows.TryAdd((from, to), $"{type.FullName} uses {used.FullName}");
            }
        }

        return arrows;
    }

    public void Dispose() => module.Dispose();

    private string? RoomOf(string file)
    {
        var relative = Path.GetRelativePath(project, file);
        if (relative.StartsWith("..", StringComparison.Ordinal)) return null;
        var parts = relative.Split(Path.DirectorySeparatorChar);
        // What lies beside the project file, or is made by a build, or belongs to a project below, is in no room of this one.
        var isProjectBelow = parts[0] == "Format" && project.EndsWith("core", StringComparison.Ordinal);
        return parts.Length < 2 || isProjectBelow || parts[0] is "obj" or "bin" or "scripts" ? null : parts[0];
    }

    private string? RoomOf(TypeDefinition type)
    {
        if (known.TryGetValue(type, out var room)) return room;
        room = type.Methods.Concat(type.NestedTypes.SelectMany(nested => nested.Methods))
            .SelectMany(method => method.DebugInformation.SequencePoints)
            .Select(point => RoomOf(point.Document.Url))
            .FirstOrDefault(found => found is not null);
        if (room is null && type.DeclaringType is { } outer) room = RoomOf(outer);
        if (room is null && declared.TryGetValue(type.Name.Split('`')[0], out var byName)) room = byName;
        return known[type] = room;
    }

    private static IEnumerable<TypeDefinition> Used(TypeDefinition type)
    {
        var references = type.Interfaces.Select(implemented => implemented.InterfaceType)
            .Concat(type.Fields.Select(field => field.FieldType))
            .Concat(type.Methods.SelectMany(Used));
        if (type.BaseType is { } parent) references = references.Prepend(parent);
        return references.SelectMany(Parts).Select(Resolved).OfType<TypeDefinition>();
    }

    private static IEnumerable<TypeReference> Used(MethodDefinition method)
    {
        var signature = method.Parameters.Select(parameter => parameter.ParameterType).Append(method.ReturnType);
        if (!method.HasBody) return signature;
        var locals = method.Body.Variables.Select(variable => variable.VariableType);
        var operands = method.Body.Instructions.SelectMany(instruction => instruction.Operand switch
        {
            TypeReference type => [type],
            MethodReference called => called is GenericInstanceMethod generic
                ? generic.GenericArguments.Prepend(called.DeclaringType)
                : [called.DeclaringType],
            FieldReference field => [field.DeclaringType],
            _ => Enumerable.Empty<TypeReference>(),
        });
        return signature.Concat(locals).Concat(operands);
    }

    // A constructed type uses its arguments too.
    private static IEnumerable<TypeReference> Parts(TypeReference type) => type switch
    {
        GenericInstanceType generic => generic.GenericArguments.SelectMany(Parts).Prepend(generic.ElementType),
        TypeSpecification specified => Parts(specified.ElementType),
        GenericParameter => [],
        _ => [type],
    };

    private static TypeDefinition? Resolved(TypeReference type) => type.Scope is ModuleDefinition ? type.Resolve() : null;

    [GeneratedRegex(@"^\s*(?:(?:\[<[^\]]*>\]|public|internal|private|static|sealed|abstract|readonly|partial|ref|and|rec)\s+)*"
        + @"(?:type|module|class|interface|enum|struct|record(?:\s+struct)?)\s+(?:(?:internal|private)\s+)?([A-Z]\w*)",
        RegexOptions.Multiline)]
    private static partial Regex Declaration();
}
