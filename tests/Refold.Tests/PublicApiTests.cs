// What C# sees of the facade: no type of F#, nothing of the file format, and of the core only the types that are
// written for both languages. Run by `dotnet test`.
using System.Reflection;
using Xunit;

namespace Refold.Tests;

public class PublicApiTests
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    [Fact]
    public void NoPublicSignature_ShowsATypeOfFSharpOrOfTheCore()
    {
        var types = typeof(IJournal).Assembly.GetExportedTypes();
        var leaks = types.SelectMany(type => Shown(type).Where(IsForeign).Select(shown => $"{type}: {shown}"));
        Assert.Empty(leaks.Distinct());
        Assert.Contains(typeof(SeededRng), types.SelectMany(Shown));
    }

    [Fact]
    public void TheCheck_SeesALeak()
    {
        Assert.Contains(Shown(typeof(Leaking)), IsForeign);
        Assert.All(typeof(Leaking).GetProperties(), property => Assert.Contains(Parts(property.PropertyType), IsForeign));
        Assert.DoesNotContain(Shown(typeof(Head)), IsForeign);
    }

    internal sealed class Leaking
    {
        public Dictionary<string, Core.Journal[]> Journals { get; } = [];

        public Format.Frame[] Frames { get; } = [];
    }

    private static bool IsForeign(Type type) =>
        type.Namespace is { } space
        && (space is "Refold.Core" or "Refold.Format" || space.StartsWith("Microsoft.FSharp", StringComparison.Ordinal));

    private static IEnumerable<Type> Shown(Type type) =>
        type.GetInterfaces()
            .Append(type.BaseType)
            .Concat(type.GetMembers(Declared).Where(IsVisible).SelectMany(Signature))
            .OfType<Type>()
            .SelectMany(Parts);

    private static bool IsVisible(MemberInfo member) => member switch
    {
        MethodBase method => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly,
        FieldInfo field => field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly,
        _ => false, // Properties and events show through their accessors.
    };

    private static IEnumerable<Type> Signature(MemberInfo member) => member switch
    {
        MethodInfo method =>
            [method.ReturnType, .. method.GetParameters().Select(parameter => parameter.ParameterType),
                .. method.GetGenericArguments().SelectMany(argument => argument.GetGenericParameterConstraints())],
        MethodBase constructor => constructor.GetParameters().Select(parameter => parameter.ParameterType),
        FieldInfo field => [field.FieldType],
        _ => [],
    };

    private static IEnumerable<Type> Parts(Type type) =>
        type.HasElementType ? Parts(type.GetElementType()!)
        : type.IsGenericType ? type.GetGenericArguments().SelectMany(Parts).Append(type)
        : [type];
}
