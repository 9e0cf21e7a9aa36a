"""What is called: functions of the standard library, gadgets inside trusted distributions, paths through attributes."""

from __future__ import annotations

from collections.abc import Iterator

from tests.pickles.attacks.assembler import Attack, call, framed, name, stream

STANDARD = """
os.system os.popen os.execv os.execl os.spawnl os.spawnv os.posix_spawn os.fork os.kill os.remove os.unlink os.rmdir os.rename os.chmod os.mkdir os.symlink os.putenv os.startfile
os.fdopen os.open os.listdir os._exit os.abort os.truncate os.removedirs os.path.join.system
posix.system nt.system posix.execv posix.popen
subprocess.run subprocess.call subprocess.Popen subprocess.check_call subprocess.check_output subprocess.getoutput subprocess.getstatusoutput
builtins.eval builtins.exec builtins.compile builtins.open builtins.__import__ builtins.input builtins.breakpoint builtins.setattr builtins.delattr builtins.globals builtins.vars
builtins.map builtins.filter builtins.sorted builtins.max builtins.print builtins.help builtins.hasattr builtins.next builtins.memoryview
sys.exit sys.setprofile sys.settrace sys.addaudithook sys.modules.get
shutil.rmtree shutil.move shutil.copyfile shutil.copy shutil.unpack_archive shutil.make_archive
importlib.import_module importlib.__import__ importlib.reload importlib.util.module_from_spec importlib.machinery.SourceFileLoader importlib.resources.read_text runpy.run_path runpy.run_module runpy._run_code
imp.load_source zipimport.zipimporter pkgutil.resolve_name pkgutil.get_loader pkgutil.walk_packages modulefinder.ModuleFinder
timeit.timeit timeit.repeat timeit.main timeit.Timer cProfile.run cProfile.runctx profile.run profile.Profile.run profile.runctx trace.Trace.run trace.Trace.runctx bdb.Bdb.run bdb.Bdb.runeval pdb.run pdb.runeval pdb.Pdb.run
doctest.debug_script doctest.testfile doctest.run_docstring_examples code.interact code.InteractiveInterpreter.runcode code.InteractiveInterpreter codeop.compile_command codeop.CommandCompiler
idlelib.autocomplete.AutoComplete.get_entity idlelib.calltip.get_entity idlelib.debugobj.ObjectTreeItem.SetText idlelib.pyshell.ModifiedInterpreter.runcode idlelib.run.Executive.runcode idlelib.run.handle_tk_events
lib2to3.pgen2.grammar.Grammar.loads lib2to3.pgen2.pgen.ParserGenerator.make_label lib2to3.main.main pip.main pip._internal.main pip._internal.cli.main.main ensurepip._run_pip ensurepip.bootstrap venv.create venv.main
pydoc.pipepager pydoc.locate pydoc.importfile pydoc.tempfilepager pydoc.safeimport imaplib.IMAP4_stream imaplib.IMAP4 uuid._get_command_stdout uuid._popen
_osx_support._read_output _osx_support._find_build_tool _osx_support.compiler_fixup _aix_support._read_cmd_output _aix_support.aix_platform _pyrepl.pager.pipe_pager
test.support.script_helper.assert_python_ok test.support.run_in_subinterp distutils.spawn.spawn distutils.file_util.write_file distutils.dir_util.mkpath setuptools.setup setuptools._distutils.spawn.spawn
multiprocessing.util.spawnv_passfds multiprocessing.Process multiprocessing.pool.Pool multiprocessing.popen_fork.Popen multiprocessing.context.Process multiprocessing.reduction.ForkingPickler.loads
concurrent.futures.process.ProcessPoolExecutor concurrent.futures.thread._worker asyncio.run asyncio.create_subprocess_shell asyncio.unix_events._UnixSubprocessTransport._start threading.Thread threading.Timer _thread.start_new_thread sched.scheduler.run
_posixsubprocess.fork_exec _bootsubprocess.Popen _bootsubprocess.check_output _interpreters.exec _xxsubinterpreters.run_string _testcapi.run_in_subinterp pty.spawn commands.getoutput popen2.popen2 platform.popen
typing.ForwardRef typing._eval_type typing.get_type_hints marshal.loads pickle.loads pickle.load pickle.Unpickler _pickle.loads _pickle.Unpickler cPickle.loads shelve.open dbm.open dbm.dumb.open copyreg.add_extension copyreg.pickle
inspect.getattr_static inspect.getsource pathlib.Path.write_text pathlib.Path.unlink pathlib.Path.open codecs.open codecs.StreamReaderWriter codecs.lookup io.open io.FileIO io.open_code _io.FileIO _io.open gzip.open gzip.GzipFile bz2.open bz2.BZ2File lzma.open lzma.LZMAFile
tarfile.open tarfile.TarFile.extractall zipfile.ZipFile zipfile.ZipFile.extractall zipapp.create_archive sqlite3.connect _sqlite3.connect logging.FileHandler logging.config.fileConfig logging.config.dictConfig logging.config.listen logging.handlers.SocketHandler
atexit.register site.addsitedir site.main unittest.main unittest.TestLoader.loadTestsFromName unittest.mock._importer unittest.mock.patch xmlrpc.server.resolve_dotted_attribute xmlrpc.client.ServerProxy
operator.call operator.methodcaller functools.reduce functools.partialmethod functools.cmp_to_key itertools.starmap itertools.accumulate itertools.filterfalse
webbrowser.open urllib.request.urlopen urllib.request.urlretrieve urllib.urlopen http.client.HTTPConnection http.server.test ftplib.FTP smtplib.SMTP poplib.POP3 nntplib.NNTP telnetlib.Telnet socket.socket socket.create_connection socket.gethostbyname ssl.get_server_certificate socketserver.TCPServer
ctypes.CDLL ctypes.util.find_library ctypes.cast ctypes.CFUNCTYPE ctypes.string_at _ctypes.dlopen signal.signal signal.raise_signal gc.get_objects faulthandler.enable tempfile.mktemp tempfile.NamedTemporaryFile fileinput.input linecache.getlines tokenize.open mmap.mmap
rlcompleter.Completer.complete readline.read_history_file cmd.Cmd.onecmd tkinter.Tcl turtledemo.main.main contextlib.ExitStack.callback weakref.finalize string.Formatter.format types.new_class sysconfig._init_posix plistlib.load wave.open csv.reader configparser.ConfigParser.read netrc.netrc mailbox.mbox
email.message_from_file glob.glob wsgiref.simple_server.make_server ast.literal_eval json.load random.seed locale.setlocale warnings.warn resource.setrlimit select.select
""".split()

TRUSTED = """
numpy.f2py.crackfortran.getlincoef numpy.f2py.crackfortran.myeval numpy.f2py.crackfortran.param_eval numpy.f2py.capi_maps.load_f2cmap_file numpy.f2py.diagnose.run numpy.testing._private.utils.runstring numpy.testing.runstring numpy.testing.rundocs
numpy.distutils.exec_command.exec_command numpy.distutils.misc_util.exec_mod_from_location numpy.load numpy.save numpy.fromfile numpy.memmap numpy.loadtxt numpy.genfromtxt numpy.lib._datasource.open numpy.ctypeslib.load_library numpy.core._multiarray_umath.add_docstring
numpy.apply_along_axis numpy.frompyfunc numpy.fromfunction numpy.piecewise numpy.lib.npyio.load numpy.lib.format.open_memmap numpy._core.multiarray.set_typeDict
torch.utils.collect_env.run torch.utils.bottleneck.__main__.run_cprofile torch.utils.bottleneck.__main__.compile_wrapper torch.utils._config_module.ConfigModule.load_config torch.utils.data.datapipes.utils.decoder.basichandlers torch.utils.cpp_extension.load torch.utils.cpp_extension.load_inline
torch._dynamo.guards.GuardBuilder.get torch.fx.experimental.symbolic_shapes.ShapeEnv.evaluate_guards_expression torch.distributed.elastic.multiprocessing.api.execWrapper torch.testing._internal.common_utils.run_test torch.hub.load torch.hub._load_local torch.hub.download_url_to_file
torch.load torch.serialization.load torch.jit.load torch.jit.frontend.get_jit_def torch._inductor.codecache.compile_file torch._inductor.runtime.compile_tasks._reload_python_module torch.package.PackageImporter torch.fx.graph_module.reduce_graph_module torch.fx.graph_module._exec_with_source torch._C.PyTorchFileReader torch.save torch.ops.load_library
torch.multiprocessing.spawn torch.distributed.run.main torch.classes.load_library torch.nn.init.uniform_ torch.nn.Module.apply torch.compile torch.autograd.backward
pandas.eval pandas.read_pickle pandas.read_csv pandas.io.pickle.read_pickle pandas.io.common.get_handle pandas.core.computation.eval.eval pandas.DataFrame.to_csv pandas.DataFrame.query pandas.core.frame.DataFrame.to_csv pandas.core.generic.NDFrame.pipe pandas.io.sql.execute pandas.util._test_decorators.skip_if_no pandas.compat.pickle_compat.load
joblib.load joblib.numpy_pickle.load joblib.memory.Memory joblib.parallel.Parallel joblib.externals.loky.backend.popen_loky_posix.Popen joblib.externals.loky.process_executor._process_worker joblib.externals.cloudpickle.loads joblib.func_inspect.get_func_code joblib.numpy_pickle_compat.NDArrayWrapper joblib.numpy_pickle_compat.ZNDArrayWrapper joblib.dump joblib._parallel_backends.SequentialBackend
sklearn.utils._testing.assert_run_python_script_without_output sklearn.utils._testing.check_skip_network sklearn.datasets.fetch_openml sklearn.datasets._base._fetch_remote sklearn.datasets.load_files sklearn.utils._openmp_helpers.os sklearn.externals._packaging.version.parse sklearn.__check_build.raise_build_error
scipy.io.loadmat scipy.io.netcdf_file scipy.misc.face scipy.integrate.quad scipy.optimize.minimize scipy.special._testutils.assert_func_equal scipy.fft.set_backend
statsmodels.iolib.smpickle.load_pickle statsmodels.tools.print_version.show_versions statsmodels.datasets.utils.get_rdataset statsmodels.api.load statsmodels.tools._testing.PytestTester
spacy.util.run_command spacy.util.load_config spacy.util.import_file spacy.cli.download.download spacy.cli.project.run.project_run thinc.util.get_array_module thinc.api.require_gpu
cmdstanpy.utils.cmdstan.do_command cmdstanpy.utils.do_command cmdstanpy.install_cmdstan.main prophet.plot.plot xgboost.testing.updater.run xgboost.tracker.RabitTracker lightgbm.dask._train catboost.utils.get_gpu_device_count pmdarima.datasets.load_airline
mlflow.projects.backend.local._run_entry_point mlflow.utils.process._exec_cmd mlflow.pyfunc.load_model mlflow.pyfunc.scoring_server._predict mlflow.sklearn.load_model mlflow.utils._spark_utils._get_active_spark_session mlflow.server._run_server mlflow.utils.file_utils.download_file_using_http_uri mlflow.artifacts.download_artifacts
cloudpickle.loads cloudpickle.load cloudpickle.cloudpickle.loads cloudpickle.cloudpickle._lookup_class_or_track dill.loads dill.load dill._dill.loads dill._dill.load dill.session.load_module dill.source.getsource dill._dill._import_module
IPython.core.interactiveshell.InteractiveShell.run_cell requests.get httpx.get keras.models.load_model keras.src.saving.serialization_lib.deserialize_keras_object transformers.pipeline transformers.AutoModel.from_pretrained skops.io.load yaml.unsafe_load yaml.load polars.read_csv pyarrow.parquet.read_table
""".split()

DOTTED = [
    ("torch", "serialization.os.system"), ("sklearn.utils._testing", "os.system"), ("collections", "_sys.modules.get"),
    ("numpy", "__builtins__"), ("posixpath", "os"), ("posixpath", "os.system"), ("sklearn", "os.system"), ("pandas.io.common", "os.system"),
    ("builtins", "object.__subclasses__"), ("builtins", "str.format"), ("builtins", "print.__self__.exec"), ("numpy", "os.system"),
    ("collections", "OrderedDict.__init__.__globals__"), ("sklearn.svm._classes", "SVC.__init__.__globals__.get"), ("logging", "os.system"),
    ("torch.nn.modules.linear", "math.__loader__.load_module"), ("sklearn.base", "BaseEstimator.__class__.mro"), ("random", "_os.system"),
    ("tempfile", "_os.system"), ("inspect", "os.popen"), ("collections.abc", "sys.modules"), ("numpy._core.multiarray", "os"),
    ("scipy.sparse", "os.system"), ("json.decoder", "scanner.re.functools.reduce"), ("decimal", "Decimal.__reduce__"),
]  # fmt: skip


def of_names() -> Iterator[Attack]:
    """Classes 01, 03, 04, 05: what is called."""
    for group, names in (("03-standard", STANDARD), ("04-trusted", TRUSTED)):
        for full in names:
            module, _, attribute = full.rpartition(".")
            # Where the attribute is one of a class, the module ends before the class.
            while module.rpartition(".")[2][:1].isupper():
                module, _, owner = module.rpartition(".")
                attribute = f"{owner}.{attribute}"
            yield Attack(f"{group}/{full}", framed(call(module, attribute)), f"{module}.{attribute}")
    for module, attribute in DOTTED:
        yield Attack(f"05-dotted/{module}.{attribute}", framed(call(module, attribute)), None)
    for module in ("this", "antigravity", "__hello__", "idlelib.idle", "test.support", "turtledemo"):
        yield Attack(f"24-import/{module}", stream(name(module, "x")), module)
