// The way of one entry from ExecuteAsync to the flush of a segment journal, method by method, and what the compiled code says about it.
// Used by EntryWalkTests; printed in core/ARCHITECTURE.md.
using Mono.Cecil;

namespace Refold.Architecture;

/// <summary>A method on the way.</summary>
/// <param name="Type">The type, without its generic arity.</param>
/// <param name="Method">The method.</param>
/// <param name="Does">What the method does with the entry.</param>
internal sealed record Hop(string Type, string Method, string Does);

/// <summary>The compiled assemblies that the way leads through.</summary>
internal sealed class EntryWalk : IDisposable
{
    /// <summary>The way, in the order in which an entry takes it. Every other method that takes or
    /// returns the entry is on it too.</summary>
    public static IReadOnlyList<Hop> Hops { get; } =
    [
        new("Refold.ExecuteWork", "Make", "has the step made from the state and the command"),
        new("Refold.Interop.RunTranslation", "Make", "hands state, command and position to the core"),
        new(
            "Refold.Core.RunStep",
            "settled",
            "decides, reads back what it encodes, evolves on it, and makes one batch of the command and its outcome"),
        new("Refold.Core.StepEntries", "inputEntries", "makes the entry of the command, and of a snapshot that the state stands on"),
        new("Refold.Core.StepEntries", "snapshotEffect", "makes the entry that names that snapshot"),
        new("Refold.Core.StepEntries", "outcomeEntries", "makes the entry of the refusal, or has those of the events made"),
        new("Refold.Core.StepEntries", "eventEntries", "makes the entries of the events"),
        new("Refold.Core.StepEntries", "entry", "gives payload and tags their stream, role, ids and time"),
        new("Refold.Core.RunStep", "batch", "adds the expected versions; what breaks a rule ends the step"),
        new("Refold.Core.Encoding", "batchOf", "brings each entry into its normal form, and has all of them encoded"),
        new("Refold.Core.EntryDataModule", "validate", "judges one entry, once"),
        new("Refold.Core.AppendedEntries", "Whole", "tells whether an entry has more than a payload"),
        new("Refold.Core.Encoding", "write", "lays all canonical bytes into one buffer and hashes the leaves"),
        new("Refold.Core.CanonicalBytes", "writeContent", "writes what a retry must repeat"),
        new("Refold.Core.CanonicalBytes", "writeRest", "writes times, ids, run, draws and key"),
        new("Refold.RunPipeline", "Append", "hands the batch to the journal"),
        new("Refold.Segments.SegmentJournal", "TryAppendAsync", "takes the batch"),
        new("Refold.JournalObserver", "IsWanted", "asks whether somebody listens"),
        new("Refold.JournalObserver", "ObserveAsync", "measures, where somebody does"),
        new("Refold.Segments.SegmentJournal", "AppendGatedAsync", "asks the gates that the journal demands, where it does"),
        new("Refold.Segments.SegmentJournal", "AppendUnobservedAsync", "queues the batch for the next write"),
        new("Refold.AppendRule", "Decide", "asks the core's rule, in commit order"),
        new("Refold.Core.Append", "accept", "judges key, gates, condition, expected versions and limits"),
        new("Refold.Core.Append", "place", "makes the head over the leaves, the batch with its place, and the receipt"),
        new("Refold.Segments.SegmentLog", "CollectAppend", "puts the batch into the group of this write"),
        new("Refold.GroupIndex", "Add", "lets later appends of the group be decided behind it"),
        new("Refold.Format.FrameBatch", "tryWrite", "writes the frames, if they fit"),
        new("Refold.Format.FrameEncoding", "writeEntry", "puts header, canonical bytes and checksums of one frame into the buffer"),
        new("Refold.Segments.SegmentStore", "Append", "writes the buffer at the end of the segment, with one call"),
        new("Refold.Segments.SegmentStore", "Flush", "flushes the file; then COMMIT says so, and the caller is answered"),
    ];

    private static readonly string[] Assemblies = ["Refold", "Refold.Core", "Refold.Format"];

    private readonly Dictionary<string, ModuleDefinition> modules = Assemblies.ToDictionary(
        name => name,
        name => ModuleDefinition.ReadModule(Path.Combine(AppContext.BaseDirectory, name + ".dll")));

    /// <summary>The section of the architecture's document.</summary>
    public static string Print() => string.Concat(Hops.Select((hop, index) =>
        FormattableString.Invariant($"{index + 1}. `{hop.Type["Refold.".Length..]}.{hop.Method}` {hop.Does}.\n")));

    /// <summary>The overloads of a hop's method.</summary>
    public IReadOnlyList<MethodDefinition> Of(Hop hop) =>
    [
        .. modules.Values.SelectMany(module => module.Types)
            .Where(type => type.FullName.Split('`')[0] == hop.Type)
            .SelectMany(type => type.Methods)
            .Where(method => method.Name == hop.Method),
    ];

    /// <summary>Every method of Refold that the code of a method calls, with what the compiler made of it:
    /// closures and state machines.</summary>
    public IEnumerable<MethodDefinition> Called(MethodDefinition method)
    {
        var (seen, waiting) = (new HashSet<MethodDefinition> { method }, new Queue<MethodDefinition>([method]));
        while (waiting.TryDequeue(out var next))
        {
            foreach (var operand in next.Body?.Instructions.Select(instruction => instruction.Operand) ?? [])
            {
                if ((operand as MethodReference)?.Resolve() is not { } called || !IsOurs(called)) continue;
                if (IsMadeByCompiler(called))
                {
                    foreach (var part in called.IsConstructor || called.Name == "Start"
                        ? called.DeclaringType.Methods.Cast<MethodDefinition>()
                        : [called])
                    {
                        if (seen.Add(part)) waiting.Enqueue(part);
                    }
                }
                else
                {
                    yield return called;
                }
            }

            // A state machine is a local that is never constructed.
            foreach (var local in next.Body?.Variables.Select(variable => variable.VariableType.Resolve()).OfType<TypeDefinition>() ?? [])
            {
                if (!local.IsNested || !local.Name.Contains('<', StringComparison.Ordinal)) continue;
                foreach (var part in local.Methods.Where(part => part.Name == "MoveNext" && seen.Add(part))) waiting.Enqueue(part);
            }
        }
    }

    /// <summary>Whether a method is one of the hops, or the member of an interface that one implements. By name: a method that another
    /// assembly refers to is another object.</summary>
    public static bool IsOnTheWalk(MethodDefinition method) =>
        Hops.Any(hop =>
            hop.Method == method.Name && (method.DeclaringType.IsInterface || method.DeclaringType.FullName.Split('`')[0] == hop.Type));

    /// <summary>Whether a method has an entry or its bytes among its parameters or as its result.</summary>
    public static bool Carries(MethodDefinition method) =>
        method.Parameters.Select(parameter => parameter.ParameterType).Append(method.ReturnType).Any(Carries);

    /// <summary>Whether a method asks gates of the application's: only in a journal that demands them.</summary>
    public static bool IsOfDemandedGates(MethodDefinition method) => method.DeclaringType.FullName == "Refold.RequiredGates";

    /// <summary>Whether a method only reads a value or makes one: no work is done in another language there.</summary>
    public static bool IsData(MethodDefinition method) =>
        method.IsConstructor || method.IsGetter || method.IsSetter
        || method.Name.StartsWith("New", StringComparison.Ordinal) && method.DeclaringType.Methods.Any(other => other.Name == "get_Tag");

    public void Dispose()
    {
        foreach (var module in modules.Values) module.Dispose();
    }

    private static bool Carries(TypeReference type) => type switch
    {
        GenericInstanceType generic => generic.GenericArguments.Any(Carries),
        TypeSpecification specified => Carries(specified.ElementType),
        _ => type.FullName is "Refold.Core.EntryData" or "Refold.EncodedBatch" or "Refold.PlacedBatch" or "Refold.Core.AcceptedBatch",
    };

    private bool IsOurs(MethodDefinition method) =>
        modules.ContainsValue(method.Module) || modules.ContainsKey(method.Module.Assembly.Name.Name);

    private static bool IsMadeByCompiler(MethodDefinition method) =>
        method.Name.Contains('<', StringComparison.Ordinal)
        || method.Name.Contains('@', StringComparison.Ordinal)
        || method.DeclaringType.Name.Contains('<', StringComparison.Ordinal)
        || method.DeclaringType.Name.Contains('@', StringComparison.Ordinal);
}
